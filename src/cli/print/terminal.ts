/** Output of a subcommand: results go to standard output, notes and errors to standard error. */
import { safeText } from "../../core/errors/safe-text.ts";
import type { CliError } from "../cli-error.ts";
import { type Style, styleFor } from "./style.ts";
import { jsonText } from "./values.ts";

export class Terminal {
  /** True if `--json` was set. */
  readonly json: boolean;
  /** Style of standard output. */
  readonly style: Style = styleFor(process.stdout);
  readonly #errorStyle: Style = styleFor(process.stderr);

  constructor(json: boolean) {
    this.json = json;
  }

  /** Prints one or more lines of the result. */
  print(text: string): void {
    process.stdout.write(`${text}\n`);
  }

  /** Prints a part of the result as one line of JSON. */
  printJSON(value: unknown): void {
    this.print(jsonText(value));
  }

  /** Prints one line of JSON with `--json`, else the text. */
  printResult(value: unknown, text: () => string): void {
    if (this.json) this.printJSON(value);
    else this.print(text());
  }

  /** Prints a note that is not part of the result. */
  note(text: string): void {
    process.stderr.write(`${this.#errorStyle.dim(safeText(text))}\n`);
  }

  printError({ message, hint, code }: CliError): void {
    if (this.json) {
      process.stderr.write(`${jsonText({ error: { code, message, hint } })}\n`);
      return;
    }
    const { red, dim } = this.#errorStyle;
    const end = hint === undefined ? "" : dim(` (${safeText(hint)})`);
    process.stderr.write(`${red("ampwire:")} ${safeText(message)}${end}\n`);
  }

  /** Waits until standard output accepts more. Subcommands with endless output need it. */
  async drained(): Promise<void> {
    if (!process.stdout.writableNeedDrain) return;
    await new Promise<void>((resolve) => process.stdout.once("drain", resolve));
  }
}
