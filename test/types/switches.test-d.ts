/** What a switch of protocol is called with. Checked by `tsc`; nothing here runs. */
import { command, integer, unicode } from "ampwire";
import { type NodeConnection, protocolSwitch } from "ampwire/node";

declare const connection: NodeConnection;

const Bare = protocolSwitch("Bare");
const Download = protocolSwitch("Download", { arguments: { name: unicode() } });
const Part = Download.extend("Part", { arguments: { offset: integer() } });
const Plain = command("Plain");

void connection.switchProtocol(Bare, {});
void connection.switchProtocol(Download, { name: "x" });
void connection.switchProtocol(Part, { name: "x", offset: 1 });

// @ts-expect-error: it is no switch
void connection.switchProtocol(Plain, {});
// @ts-expect-error: one is missing
void connection.switchProtocol(Download, {});
// @ts-expect-error: one is unknown
void connection.switchProtocol(Download, { name: "x", offset: 1 });
// @ts-expect-error: the extension's own is missing
void connection.switchProtocol(Part, { name: "x" });
