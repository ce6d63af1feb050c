/**
 * Switching to another protocol in mid-stream: once the peer has agreed, every byte belongs to what comes next.
 *
 * Both ends say what that is in the same way, under the local name `protocol`: the asker among its arguments, the
 * responder in what it returns. A refusal is an ordinary error, and AMP goes on.
 */

import { local } from "../../arguments/local.ts";
import { Command, type CommandSpec, type Extended } from "../../command/command.ts";
import type { BoxKind } from "../../command/protocol-change.ts";
import { InvalidSignature } from "../../errors/caller.ts";
import type { Fields, LocalArgument } from "../../schema/argument.ts";

/**
 * Takes the stream over. Whatever came behind the last box is in it, to be read first. It is paused: it flows when
 * it is piped, iterated over or resumed.
 */
export type SwitchedProtocol<Stream> = (stream: Stream) => void;

/** What a switch has in place of a response, and among its arguments. Never on the wire. */
export type SwitchFields<Stream> = {
  readonly protocol: LocalArgument<SwitchedProtocol<Stream>>;
};

/** A box that, once it has answered, is the last one. */
export const switchBox: BoxKind = {
  name: "SwitchBox",
  change: {
    state: "switching",
    admit({ transport }) {
      if (transport.detach === undefined) throw new InvalidSignature("this transport cannot be given away");
    },
    prepare({ transport }, { protocol }, side) {
      if (typeof protocol !== "function") {
        throw new InvalidSignature(
          side === "asker"
            ? "a protocol switch needs the argument `protocol`: who takes the stream over"
            : "the responder of a protocol switch returns `{ protocol }`: who takes the stream over",
        );
      }
      return async (leftovers) => {
        protocol(transport.detach?.(leftovers));
        return {};
      };
    },
  },
};

/** What a protocol switch may say of itself: it has no response, and always wants an answer. */
export type SwitchSpec<A extends Fields> = Omit<
  CommandSpec<A, Fields, true>,
  "response" | "requiresAnswer" | "commandType" | "responseType"
>;

/**
 * A command that switches the protocol. `Stream` is what the transport gives away: a `Duplex` on Node, where
 * `protocolSwitch` of `ampwire/node` says so for you.
 */
export class ProtocolSwitchCommand<A extends Fields = {}, Stream = unknown> extends Command<
  Extended<A, SwitchFields<Stream>>,
  SwitchFields<Stream>,
  true
> {
  constructor(name: string, spec: SwitchSpec<A> = {}) {
    const fields: SwitchFields<Stream> = { protocol: local() };
    super(name, {
      ...spec,
      arguments: { ...(spec.arguments as A), ...fields }, // spreading nothing adds nothing
      response: fields,
      requiresAnswer: true,
      commandType: switchBox,
      responseType: switchBox,
    });
  }
}
