/** All subcommands, in the order of the help. */
import { call } from "./call/call.ts";
import { authority } from "./certificate/authority.ts";
import { issue } from "./certificate/issue.ts";
import { crl, revoke } from "./certificate/revoke.ts";
import { show } from "./certificate/show.ts";
import { decode } from "./decode/decode.ts";
import { edge } from "./edge/edge.ts";
import { exportSubcommand } from "./export/export.ts";
import { importSubcommand } from "./import/import.ts";
import { ping } from "./ping/ping.ts";
import { proxy } from "./proxy/proxy.ts";
import { replay } from "./replay/replay.ts";
import { serve } from "./serve/serve.ts";
import type { Subcommand } from "./subcommand.ts";

export const subcommands: readonly Subcommand[] = [
  call,
  serve,
  edge,
  ping,
  decode,
  proxy,
  replay,
  authority,
  issue,
  revoke,
  crl,
  show,
  importSubcommand,
  exportSubcommand,
];
