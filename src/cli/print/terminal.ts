/** Where a verb writes: results to standard output, everything else to standard error. */
import { safeText } from "../../core/errors/safe-text.ts";
import type { CliError } from "../cli-error.ts";
import { type Style, styleFor } from "./style.ts";
import { jsonText } from "./values.ts";

export class Terminal {
  /** Results are wanted as JSON. */
  readonly json: boolean;
  /** For standard output. */
  readonly paint: Style = styleFor(process.stdout);
  readonly #errorPaint: Style = styleFor(process.stderr);

  constructor(json: boolean) {
    this.json = json;
  }

  /** A line or more of the result, as text. */
  say(text: string): void {
    process.stdout.write(`${text}\n`);
  }

  /** The same as a line of JSON. */
  sayJSON(value: unknown): void {
    this.say(jsonText(value));
  }

  /** The result: one line of JSON where that is wanted, else the text. */
  result(value: unknown, text: () => string): void {
    if (this.json) this.sayJSON(value);
    else this.say(text());
  }

  /** Something about the work, not its result. */
  note(text: string): void {
    process.stderr.write(`${this.#errorPaint.dim(safeText(text))}\n`);
  }

  complain({ message, hint, code }: CliError): void {
    if (this.json) {
      process.stderr.write(`${jsonText({ error: { code, message, hint } })}\n`);
      return;
    }
    const { red, dim } = this.#errorPaint;
    const end = hint === undefined ? "" : dim(` (${safeText(hint)})`);
    process.stderr.write(`${red("ampwire:")} ${safeText(message)}${end}\n`);
  }

  /** Waits while the reader of standard output is behind: for verbs that print without end. */
  async drained(): Promise<void> {
    if (!process.stdout.writableNeedDrain) return;
    await new Promise<void>((resolve) => process.stdout.once("drain", resolve));
  }
}
