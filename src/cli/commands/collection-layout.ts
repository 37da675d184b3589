// `countersign collection layout GUN`: how the files of a collection lie, and another layout for them.
import { CountersignError, parseGun } from "../../bytes/index.ts";
import { layOut } from "../../collection-files/index.ts";
import { readPublicKeyFile } from "../../flows/index.ts";
import { type BinLayout, type Reader, readers, type SetBins } from "../../publish/index.ts";
import { usage } from "../arguments.ts";
import { connectionsOf } from "../collection-options.ts";
import type { Command, CommandSpec, Context } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { publishedJson, publishOptions, showPublished } from "../publish-options.ts";
import { openWorkplace, trustDirectoryOption } from "../workplace.ts";
import { thresholdOf } from "./delegation-add.ts";

const spec: CommandSpec = {
  name: "collection layout",
  usage: ["GUN --bins LAYOUT [options]", "GUN --must-serve CLIENTS [options]"],
  about: [
    "Lays the files of a collection out: flat, all in one document; or in 2^N hashed bins, of which a reader fetches one and a publisher signs one. succinct:N is the smallest for readers and is read by python-tuf, go-tuf and tuf-js; hash-prefixes:N is read by python-tuf, tuf-js and tough and goes beside delegations; flat is read by all. same signs the present layout again, with the keys of now; where these have not changed, a large collection is signed in parts.",
    "One publish changes everything: a reader sees the old layout or the new one, and verifies both. Bins exist in tuf1 alone. In a collection that carries notary1 what lies in targets stays there for both dialects, and files added from then on go into bins; in one that was made with countersign init --tuf1-only everything moves.",
    "--must-serve says, signed and for every machine that publishes, which other programs have to be able to read the collection: a layout that one of them cannot read is refused from then on. Contents are exported for tough too when it is among them.",
    "Bins are signed by the keys of targets, or by those of --bin-key, which may then be used by a CI job that has no other.",
  ],
  positionals: { min: 1, max: 1 },
  options: [
    { name: "bins", value: "LAYOUT", text: "flat, succinct:N, hash-prefixes:N (N from 1 to 11), same" },
    {
      name: "must-serve",
      value: "CLIENTS",
      text: `of ${readers.join(", ")}, with commas between; none takes it back`,
    },
    {
      name: "bin-key",
      value: "FILE",
      isFile: true,
      multiple: true,
      text: "public key that signs the bins, instead of those of targets",
    },
    { name: "bin-threshold", value: "N", text: "how many of these keys have to sign; 1 unless given" },
    trustDirectoryOption,
    ...publishOptions,
  ],
  examples: [
    ["countersign collection layout files.example.com/team/tools --bins succinct:10", "1,024 bins"],
    [
      "countersign collection layout registry.example.com/team/app --bins hash-prefixes:8",
      "files beside tags and delegations",
    ],
    [
      "countersign collection layout files.example.com/team/tools --must-serve python-tuf,tough",
      "never a layout that tough cannot read",
    ],
  ],
  json: [
    '{"gun": "...", "layout": "succinct:10", "mustServe": ["tough"], "published": [...], "behind": [], "findings": [], "attempts": 1}',
  ],
};

export const collectionLayout: Command = {
  spec,
  async run(context) {
    const { args, terminal } = context;
    const gun = parseGun(args.positionals[0] ?? "");
    const wanted = args.value("bins");
    const served = args.value("must-serve");
    if (wanted === undefined && served === undefined) throw usage(spec, "--bins says which layout");
    const layout = wanted === undefined ? undefined : parseLayout(wanted);
    const serves = served === undefined ? undefined : parseReaders(served);
    const signers = await signersOf(context);
    const connections = connectionsOf(context);
    try {
      const { ports, pins, ring } = await openWorkplace(context, connections, gun);
      const request = { gun, pins, ring: await ring(), layout, signers, serves };
      const { publish, mustServe: serving, ...laid } = await layOut(ports, request);
      const text = layoutText(laid.layout);
      terminal.value({ gun, layout: text, mustServe: serving, ...publishedJson(publish) });
      if (wanted !== undefined) terminal.line(`${terminal.paint("green", "laid out:")} ${text}`);
      const mustBeServed = serving.length === 0 ? "none" : serving.join(", ");
      if (serves !== undefined || serving.length > 0) terminal.line(`must serve: ${mustBeServed}`);
      showPublished(terminal, publish);
      return exitCodes.done;
    } finally {
      connections.close();
    }
  },
};

async function signersOf({ args, clock }: Context): Promise<SetBins["signers"]> {
  const files = args.values("bin-key");
  const threshold = thresholdOf(args.value("bin-threshold"));
  if (args.value("bins") === undefined && (files.length > 0 || threshold !== undefined)) {
    throw usage(spec, "--bin-key and --bin-threshold go with --bins");
  }
  if (files.length === 0) {
    if (threshold !== undefined) throw usage(spec, "--bin-threshold goes with --bin-key");
    return undefined;
  }
  const keys = await Promise.all(files.map((file) => readPublicKeyFile(file, clock())));
  return { keys: keys.map(({ publicKey }) => publicKey), threshold: threshold ?? 1 };
}

/** @throws usage.invalid */
function parseLayout(text: string): BinLayout | "same" {
  if (text === "same") return text;
  if (text === "flat") return { kind: "flat" };
  const [, kind, bits] = /^(succinct|hash-prefixes):([0-9]{1,2})$/.exec(text) ?? [];
  if (kind === "succinct" || kind === "hash-prefixes") return { kind, bitLength: Number(bits) };
  throw new CountersignError("usage.invalid", `unknown layout ${JSON.stringify(text.slice(0, 40))}`, {
    hints: ["layouts: flat, succinct:10, hash-prefixes:8, same"],
  });
}

/** @throws usage.invalid */
function parseReaders(text: string): readonly Reader[] {
  if (text === "none") return [];
  const names = text.split(",");
  const unknown = names.find((name) => !readers.some((reader) => reader === name));
  if (unknown === undefined) return readers.filter((reader) => names.includes(reader));
  throw new CountersignError("usage.invalid", `unknown client ${JSON.stringify(unknown.slice(0, 40))}`, {
    hints: [`clients: ${readers.join(", ")}, or none`],
  });
}

function layoutText(layout: BinLayout): string {
  return layout.kind === "flat" ? "flat" : `${layout.kind}:${layout.bitLength}`;
}
