// A server of ours that is killed again and again: `node kill-child.ts OPTIONS`, where OPTIONS are ServerOptions as JSON. Says its
// address on one line once it serves.
import process from "node:process";
import { type ServerOptions, startServer } from "../src/server/index.ts";

const options: ServerOptions = JSON.parse(process.argv[2] ?? "{}");
const server = await startServer(options);
process.stdout.write(`${server.url}\n`);
