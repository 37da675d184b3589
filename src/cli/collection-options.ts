// Options that every command about a collection shares, and how they become a request.
import { CountersignError, type Gun } from "../bytes/index.ts";
import { type Connections, connect, type ReadRequest } from "../flows/index.ts";
import { parsePinText } from "../home/index.ts";
import type { DialectName } from "../tuf/index.ts";
import type { Pin } from "../updater/index.ts";
import type { Arguments, Context, OptionSpec } from "./command.ts";

export const serverOptions: readonly OptionSpec[] = [
  {
    name: "server",
    value: "URL",
    text: "the trust server; otherwise COUNTERSIGN_SERVER, config.json or DOCKER_CONTENT_TRUST_SERVER",
  },
  { name: "tls-ca", value: "FILE", isFile: true, text: "trust this certificate authority (PEM) beside the system's" },
  { name: "token-file", value: "FILE", isFile: true, text: "send the API token in this file to the trust server" },
];

export const pinOptions: readonly OptionSpec[] = [
  {
    name: "pin",
    value: "KEY-ID",
    multiple: true,
    text: "believe this root key for this run, instead of the stored pins",
  },
  { name: "trust-on-first-use", text: "believe an unpinned collection this once and pin what it showed" },
];

export const readOptions: readonly OptionSpec[] = [
  ...serverOptions,
  ...pinOptions,
  { name: "dialect", value: "NAME", text: "read notary1 or tuf1 instead of what the server prefers" },
  { name: "offline", text: "answer from the unexpired cached chain when the server cannot be reached" },
];

/** The connections of this run. Close them when done. */
export function connectionsOf(context: Context): Connections {
  const { args, env, clock, terminal } = context;
  const progress = (step: string): void => terminal.progress(`${step} ...`);
  const [server, tlsCa, tokenFile] = [args.value("server"), args.value("tls-ca"), args.value("token-file")];
  return connect({ env, clock, server, tlsCa, tokenFile, progress });
}

/** @throws usage.invalid */
export function readRequest(args: Arguments, gun: Gun): ReadRequest {
  return {
    gun,
    dialect: dialectOf(args.value("dialect")),
    ...pinRequest(args),
    offline: args.flag("offline") ? "allowed" : "never",
  };
}

/** @throws usage.invalid */
export function pinRequest(args: Arguments): Pick<ReadRequest, "pins" | "trustOnFirstUse"> {
  return { pins: pinsOf(args), trustOnFirstUse: args.flag("trust-on-first-use") };
}

/** The pins of --pin. @throws usage.invalid */
export function pinsOf(args: Arguments): readonly Pin[] {
  return args.values("pin").map(parsePinText);
}

function dialectOf(text: string | undefined): DialectName | "auto" {
  if (text === undefined || text === "auto") return "auto";
  if (text === "notary1" || text === "tuf1") return text;
  throw new CountersignError("usage.invalid", `unknown dialect ${JSON.stringify(text.slice(0, 40))}`, {
    hints: ["dialects: notary1, tuf1, auto"],
  });
}
