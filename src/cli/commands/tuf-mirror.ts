// `countersign tuf mirror DIR`: a verified copy of a TUF repository that any web server can serve.
import { mirrorRepository } from "../../tuf-client/index.ts";
import type { Command } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { printable } from "../terminal.ts";
import { advised } from "../tuf-advice.ts";
import { repositoryOf, repositoryOptions, requiredPlace, transportTo, versionsText } from "../tuf-options.ts";

export const tufMirror: Command = {
  spec: {
    name: "tuf mirror",
    usage: ["DIR --metadata-url URL --targets-url URL [options]"],
    about: [
      "Copies a TUF 1.0 repository into DIR/metadata and DIR/targets, for networks without a way out. Everything is verified before it is written, the timestamp comes last; run it again to bring the copy up to date.",
      "Readers of the copy verify it as they would the original, so it has to be renewed before its timestamp expires.",
    ],
    positionals: { min: 1, max: 1 },
    options: [
      ...repositoryOptions,
      { name: "targets-url", value: "URL", text: "where the repository's targets are; a directory of a copy too" },
      { name: "target", value: "PATH", multiple: true, text: "copy these targets only, instead of all" },
      { name: "metadata-only", text: "copy no targets" },
    ],
    examples: [
      [
        "countersign tuf mirror copy --metadata-url https://example.com/metadata/ --targets-url https://example.com/targets/ --root root.json",
        "everything, starting from a root you trust",
      ],
    ],
    json: [
      '{"directory": "copy", "versions": {"root": 3, "timestamp": 41, "snapshot": 40, "targets": 12}, "roles": 5, "targets": 120, "fetched": 7, "leftOut": []}',
    ],
  },
  run: advised(async (context) => {
    const { args, terminal } = context;
    const [directory = ""] = args.positionals;
    const isBare = args.flag("metadata-only");
    const targetsUrl = isBare ? args.value("targets-url") : requiredPlace(context, "targets-url");
    const named = args.values("target");
    const targets = isBare ? "none" : named.length > 0 ? named : "all";
    using transport = transportTo(context, [requiredPlace(context, "metadata-url"), targetsUrl ?? ""]);
    const repository = await repositoryOf(context, transport);
    const report = await mirrorRepository({ ...repository, targetsUrl }, directory, { targets });
    terminal.value({ directory, ...report, versions: { ...report.versions } });
    terminal.line(`${printable(directory)}: ${versionsText(report.versions)}`);
    terminal.line(`  ${report.roles} targets roles, ${report.targets} targets, ${report.fetched} of them fetched now`);
    for (const path of report.leftOut) terminal.warning(`left out, its path cannot be a file: ${printable(path)}`);
    return report.leftOut.length === 0 ? exitCodes.done : exitCodes.untrusted;
  }),
};
