/**
 * Protocol switch: AMP is replaced by another protocol on the same stream.
 *
 * Each end passes the new protocol as the local value `protocol`: the caller in the arguments, the callee in the response.
 * From the answer on, every byte belongs to the new protocol. If the responder throws, the call rejects and AMP continues.
 */

import { local } from "../../arguments/local.ts";
import {
  COMMAND_SPEC,
  Command,
  type CommandSpec,
  checkCommandName,
  type Extended,
} from "../../command/command.ts";
import type { BoxKind } from "../../command/protocol-change.ts";
import { InvalidSignature } from "../../errors/caller.ts";
import { checkOptionNames } from "../../option-names.ts";
import type { Fields, LocalArgument } from "../../schema/argument.ts";

/**
 * Function that takes over the stream. The stream first yields the bytes received after the last box. It is paused until it is
 * piped, iterated over or resumed.
 */
export type SwitchedProtocol<Stream> = (stream: Stream) => void;

/** The local field `protocol` of a switch, in its arguments and its response. It is never sent. */
export type SwitchFields<Stream> = {
  readonly protocol: LocalArgument<SwitchedProtocol<Stream>>;
};

/** Kind of box of a protocol switch: after the answer, no box follows. */
export const switchBox: BoxKind = {
  name: "SwitchBox",
  change: {
    state: "switching",
    admit({ transport }) {
      if (transport.detach === undefined)
        throw new InvalidSignature("this transport cannot switch its protocol: it has no `detach`");
    },
    prepare({ transport }, { protocol }, side) {
      if (typeof protocol !== "function") {
        throw new InvalidSignature(
          side === "asker"
            ? "a protocol switch needs the argument `protocol`, a function that takes over the stream"
            : "the responder of a protocol switch must return `{ protocol }`, a function that takes over the stream",
        );
      }
      return async (leftovers) => {
        protocol(transport.detach?.(leftovers));
        return {};
      };
    },
  },
};

/** Declaration of a protocol switch. It always has an answer, and declares no response of its own. */
export type SwitchSpec<A extends Fields> = Omit<
  CommandSpec<A, Fields, true>,
  "response" | "requiresAnswer" | "commandType" | "responseType"
>;

/**
 * Command that switches the protocol. On Node, prefer `protocolSwitch` of `ampwire/node`, which sets the type of the stream.
 * @typeParam A the arguments, without `protocol`
 * @typeParam Stream the stream that the transport returns from `detach`, for example a `Duplex` on Node
 */
export class ProtocolSwitchCommand<A extends Fields = {}, Stream = unknown> extends Command<
  Extended<A, SwitchFields<Stream>>,
  SwitchFields<Stream>,
  true
> {
  constructor(name: string, spec: SwitchSpec<A> = {}) {
    checkCommandName(name);
    const fields: SwitchFields<Stream> = { protocol: local() };
    // The spec of a subclass may have fields of its own.
    if (new.target === ProtocolSwitchCommand) checkOptionNames(`protocol switch ${name}`, spec, COMMAND_SPEC);
    checkSwitch(name, spec);
    super(name, {
      ...spec,
      arguments: { ...(spec.arguments as A), ...fields }, // undefined adds no fields
      response: fields,
      requiresAnswer: true,
      commandType: switchBox,
      responseType: switchBox,
    });
  }
}

/** Checks that a spec does not set what a switch sets itself. `extend` passes the same values again. @throws InvalidSignature */
function checkSwitch(name: string, spec: CommandSpec<Fields, Fields, boolean>): void {
  const { response = {}, requiresAnswer = true, commandType = switchBox, responseType = switchBox } = spec;
  const plain = Object.keys(response).every((field) => field === "protocol");
  if (plain && requiresAnswer && commandType === switchBox && responseType === switchBox) return;
  throw new InvalidSignature(
    `protocol switch ${name}: it has an answer without values, so response, requiresAnswer, commandType and responseType cannot be set`,
  );
}
