/** Types of the arguments of a protocol switch. Checked by `tsc`; nothing here runs. */
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

// @ts-expect-error: the command is not a protocol switch
void connection.switchProtocol(Plain, {});
// @ts-expect-error: an argument is missing
void connection.switchProtocol(Download, {});
// @ts-expect-error: there is no such argument
void connection.switchProtocol(Download, { name: "x", offset: 1 });
// @ts-expect-error: the argument of the extension is missing
void connection.switchProtocol(Part, { name: "x" });
