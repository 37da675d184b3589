// `countersign import`: collections of other Notary servers, verified, kept as evidence, and carried on or started anew here.
import { parseGun } from "../../bytes/index.ts";
import type { OutcomeKind } from "../../import/index.ts";
import { usage } from "../arguments.ts";
import { pinOptions, serverOptions } from "../collection-options.ts";
import type { Command, CommandSpec, Context } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { passphraseOptions } from "../passphrases.ts";

const from = "where they come from";
const home = "where they go";

const spec: CommandSpec = {
  name: "import",
  usage: [
    "SERVER/GUN... [options]",
    "--from URL [--list FILE] [--catalog REGISTRY] [GUN...] [options]",
    "--from-cache DIR [GUN...] [options]",
    "--check ARCHIVE",
  ],
  about: [
    "Brings collections home from any Notary v1 server, also one that is about to be switched off. Reads each with the pins given, verifies the whole chain of roots and everything below, and keeps the documents as evidence that verifies offline for ever.",
    "With a collection's root keys at hand its chain goes on at our server: the next root names our server's keys, everything else keeps its bytes, and readers with old caches follow. Without them it stays evidence, unless --new-root lets it begin again under a new root, which says in each tag's signed custom data what it was taken from; its readers have to pin the new root.",
    "Many collections are imported some at a time. A server that is away for a while is waited for; a run that was stopped is run again and goes on. Nothing is believed on first use unless --trust-on-first-use says so, and then the report says it for each collection.",
    "Exit code: 0 everything is where it was asked to be; 1 something does not verify; 3 a source has no such collection; 4 a server could not be reached; 6 root keys are not at hand or do not open; 7 our server did not take something.",
  ],
  positionals: { min: 0, max: 100_000 },
  options: [
    { name: "from", value: "URL", group: from, text: "the old server; the names are then GUNs alone" },
    {
      name: "from-tls-ca",
      value: "FILE",
      isFile: true,
      group: from,
      text: "trust this certificate authority (PEM) for the old server",
    },
    {
      name: "from-cache",
      value: "DIR",
      isFile: true,
      group: from,
      text: "take what a client has on disk: ~/.docker/trust, ~/.notary; all of it unless GUNs are named",
    },
    {
      name: "list",
      value: "FILE",
      isFile: true,
      group: from,
      text: "names one a line, beside those on the command line",
    },
    { name: "catalog", value: "REGISTRY", group: from, text: "every repository that this registry's catalogue lists" },
    ...pinOptions.map((option) => ({ ...option, group: from })),
    {
      name: "pin-ca",
      value: "FILE",
      isFile: true,
      group: from,
      text: "believe root certificates of this authority (PEM)",
    },
    {
      name: "notary-config",
      value: "FILE",
      isFile: true,
      group: from,
      text: "take the pins from trust_pinning of a notary client's configuration",
    },
    { name: "verify-only", group: home, text: "make evidence and nothing else: needs no key and no server of ours" },
    {
      name: "new-root",
      group: home,
      text: "collections whose root keys are not at hand begin again under a new root",
    },
    { name: "key", value: "KEY-ID", group: home, text: "with --new-root: the root key to use, when there are several" },
    {
      name: "recovery-kits",
      value: "DIR",
      isFile: true,
      group: home,
      text: "with --new-root: where the recovery kit of each collection goes",
    },
    { name: "no-recovery-kit", group: home, text: "with --new-root: make none" },
    {
      name: "trust-dir",
      value: "DIR",
      isFile: true,
      group: home,
      text: "look for keys in this trust directory of Notary's or docker's too",
    },
    { name: "publisher", value: "NAME", group: home, text: "who signs, for the custom data of a new root's tags" },
    ...serverOptions.map((option) => ({ ...option, group: home })),
    { name: "archive", value: "DIR", isFile: true, text: "where the evidence goes; countersign-evidence unless given" },
    { name: "check", value: "ARCHIVE", isFile: true, text: "verify the evidence of an archive again, offline" },
    { name: "parallel", value: "N", text: "collections at once, 1 to 64; 8 unless given" },
    { name: "patience", value: "SECONDS", text: "how long a server may be away; 60 unless given" },
    { name: "again", text: "do again what an earlier run has done" },
    ...passphraseOptions,
  ],
  examples: [
    ["countersign import notary.docker.io/docker.io/team/app --verify-only", "evidence before the server goes away"],
    [
      "countersign import --from https://notary.example.com --list names.txt --server https://trust.example.com",
      "bring many home, with their keys",
    ],
    [
      "countersign import --from-cache ~/.docker/trust --new-root --recovery-kits kits",
      "from a cache, without the keys",
    ],
    ["countersign import --check countersign-evidence --pin KEY-ID", "verify the evidence, offline"],
  ],
  json: [
    '{"archive": "...", "destination": "https://...", "counts": {"carriedOn": 1}, "collections": [{"gun": "...", "source": "...", "outcome": "carriedOn",',
    ' "evidence": {"sha256": "...", "anchor": "pinned", "judgedAt": "...", "isExpired": false, "firstRoot": 1, "lastRoot": 3, "tags": 12},',
    ' "code": "...", "message": "...", "hints": [], "warnings": []}]}',
    '--check: {"archive": "...", "collections": [{"gun": "...", "source": "...", "verified": true, "restsOnRecord": false, "evidence": {...}}]}',
  ],
};

export const importCommand: Command = {
  spec,
  async run(context) {
    const { args } = context;
    const archive = args.value("check");
    if (archive !== undefined) return check(context, archive);
    refuseContradictions(context);
    const { planImport } = await import("./import-plan.ts");
    const { importMany, worstOutcome } = await import("../../import/index.ts");
    const { importProgress, importJson, showImport } = await import("./import-report.ts");
    await using plan = await planImport(context, spec);
    const report = await importMany({ ...plan.wanted, onProgress: importProgress(context) });
    context.terminal.value(importJson(report));
    showImport(context.terminal, report);
    return exitCode(worstOutcome(report));
  },
};

async function check(context: Context, path: string): Promise<number> {
  const { args, terminal } = context;
  if (args.positionals.length > 0) throw usage(spec, "--check goes with pins alone: it looks at all of the archive");
  const { checkArchive, openArchive } = await import("../../import/index.ts");
  const { pinsForImport } = await import("./import-pins.ts");
  const { checkJson, showCheck } = await import("./import-report.ts");
  const checked = await checkArchive(openArchive(path), await pinsForImport(context));
  terminal.value(checkJson(path, checked));
  showCheck(terminal, path, checked);
  return checked.every(({ error }) => error === undefined) ? exitCodes.done : exitCodes.untrusted;
}

/** What would be passed over without a word is refused. */
function refuseContradictions({ args }: Context): void {
  const given = (name: string): boolean => args.value(name) !== undefined;
  if (args.flag("verify-only") && args.flag("new-root"))
    throw usage(spec, "--verify-only and --new-root exclude each other");
  if (given("from") && given("from-cache")) throw usage(spec, "--from and --from-cache exclude each other");
  if (args.flag("new-root") && !given("recovery-kits") && !args.flag("no-recovery-kit")) {
    throw usage(spec, "--new-root makes new root keys: say --recovery-kits DIR, or --no-recovery-kit", [
      "without a kit, losing the root key means losing the collections",
    ]);
  }
  if (!args.flag("new-root") && (given("key") || given("recovery-kits") || args.flag("no-recovery-kit"))) {
    throw usage(spec, "--key, --recovery-kits and --no-recovery-kit go with --new-root");
  }
  for (const text of args.positionals) if (given("from") || given("from-cache")) parseGun(text);
}

function exitCode(worst: OutcomeKind | undefined): number {
  switch (worst) {
    case "refused":
      return exitCodes.untrusted;
    case "missing":
      return exitCodes.missing;
    case "unreachable":
      return exitCodes.network;
    case "keysMissing":
      return exitCodes.key;
    case "failed":
      return exitCodes.conflict;
    default:
      return exitCodes.done;
  }
}
