/**
 * The program of a Node child: the server or the client of one peer, told what to do line by line (see
 * `control.mjs`). Its one argument says which peer, which role and what work.
 */

import { openCalls } from "./calls.mjs";
import { openConnects } from "./connects.mjs";
import { answerRequests, say } from "./control.mjs";
import { memory, usage } from "./cost.mjs";
import { openIdle } from "./idle.mjs";

const setup = JSON.parse(process.argv[2]);
const peer = await import(setup.file);

const programs = { calls: openCalls, connects: openConnects, idle: openIdle };

if (setup.role === "server") {
  const { port } = await peer.serve(setup);
  say({ port });
  answerRequests({ usage, memory });
} else {
  say({});
  answerRequests(programs[setup.work.program](peer, setup));
}
