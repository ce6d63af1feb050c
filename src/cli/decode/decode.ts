/** `ampwire decode`: prints the boxes in a file, a stream or a packet capture. */
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
  summary: "print the boxes in a file or a capture, and the first byte that is not AMP",
  usage: "ampwire decode [FILE|-] [--hex | --pcap]",
  operands: [0, 1],
  about: `Reads standard input if FILE is absent or "-", and prints boxes as they arrive. @N is the offset of a box in the
stream. Captures (pcap, pcapng) are detected: decode prints their plaintext connections, pairs asks with answers, and
prints response times if the capture has timestamps.`,
  options: {
    hex: { type: "boolean", help: "read hex digits; white space and colons are ignored" },
    pcap: { type: "boolean", help: "require a capture file (default: detect it)" },
    schema: {
      type: "string",
      value: "FILE",
      help: "decode values by the commands that a module exports",
    },
  },
  examples: [
    ["ampwire decode conversation.bin", "print the boxes that a program wrote"],
    [
      "echo '0004 5f61736b 0001 31 0008 5f636f6d6d616e64 0004 50696e67 0000' | ampwire decode --hex",
      "decode one box from hex",
    ],
    ["tcpdump -i lo -U -w - port 1234 | ampwire decode --pcap", "watch a connection live"],
  ],
  async run({ values: flags, positionals: [file], terminal }) {
    if (flags.hex && flags.pcap)
      throw new UsageError("decode: --hex and --pcap exclude each other", "use one of them");
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
