/** `ampwire decode`: bytes to boxes. */
import { UsageError } from "../cli-error.ts";
import { loadCommands } from "../module/commands.ts";
import { subcommand } from "../subcommand.ts";
import { fromHex, inputBytes } from "./input.ts";
import { ByteSource } from "./pcap/byte-source.ts";
import { decodeCapture } from "./pcap/capture.ts";
import { isCapture } from "./pcap/file.ts";
import { decodeStream } from "./stream.ts";

export const decode = subcommand({
  name: "decode",
  summary: "show the boxes in a file or a capture, and where it stops being AMP",
  usage: "ampwire decode [FILE|-] [--hex | --pcap]",
  operands: [0, 1],
  about: `Reads standard input where no FILE is named, of any size, as it comes. @N is where in the stream a box begins.
Of a capture (pcap or pcapng, recognised by itself) every plain conversation is shown, with asks paired with answers,
and timed where the capture has times.`,
  options: {
    hex: { type: "boolean", help: "the input is hex digits; white space and colons do not count" },
    pcap: { type: "boolean", help: "the input is a capture file, and nothing else will do" },
    schema: {
      type: "string",
      value: "FILE",
      help: "a module that exports commands: asks are read as they say",
    },
  },
  examples: [
    ["ampwire decode conversation.bin", "what a program has written"],
    [
      "echo '0004 5f61736b 0001 31 0008 5f636f6d6d616e64 0004 50696e67 0000' | ampwire decode --hex",
      "one box by hand",
    ],
    ["tcpdump -i lo -U -w - port 1234 | ampwire decode --pcap", "live"],
  ],
  async run({ values: flags, positionals: [file], terminal }) {
    if (flags.hex && flags.pcap) throw new UsageError("--hex and --pcap: which one is it?");
    const found = flags.schema === undefined ? [] : await loadCommands(flags.schema);
    const commands = new Map(found.map(({ command }) => [command.name, command]));
    const bytes = inputBytes(file);
    const input = new ByteSource(flags.hex ? fromHex(bytes) : bytes);
    const first = flags.hex ? undefined : await input.peek(4);
    if (flags.pcap || (first !== undefined && isCapture(first)))
      await decodeCapture(input, commands, terminal);
    else await decodeStream(input.rest(), commands, terminal);
    return 0;
  },
});
