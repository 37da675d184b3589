// `countersign verify IMAGE`: is this the one that was meant, unchanged and current?

import { parseSubject, verifyFromBundle, verifyTarget } from "../../flows/index.ts";
import { usage } from "../arguments.ts";
import { connectionsOf, readOptions, readRequest } from "../collection-options.ts";
import type { Command, CommandSpec } from "../command.ts";
import { offerPinning } from "../first-use.ts";
import { showVerdict } from "../show-verdict.ts";
import { subjectOptions, subjectText } from "../subject.ts";

const spec: CommandSpec = {
  name: "verify",
  usage: ["IMAGE:TAG [options]", "oci:DIR:TAG --as GUN:TAG [options]", "GUN:NAME --file PATH [options]"],
  about: [
    "Says whether the image that the registry serves under this tag is the one its publisher signed, and whether that signature is still current. The digest to run is in the answer: run IMAGE@DIGEST, since a tag can move after the check.",
    "A collection must be pinned (countersign trust add) or vouched for by --pin. Nothing is believed on first sight unless --trust-on-first-use says so.",
    "With --bundle the chain comes from a file made by countersign bundle; with --digest or a layout directory too, no network is used at all.",
  ],
  positionals: { min: 1, max: 1 },
  options: [
    ...subjectOptions,
    { name: "deep", text: "also read every layer and hold it against its digest" },
    { name: "bundle", value: "FILE", isFile: true, text: "take the chain from a saved bundle instead of a server" },
    ...readOptions,
  ],
  examples: [
    ["countersign verify registry.example.com/team/app:1.4.2", "what the registry serves now"],
    ["countersign verify oci:./image:1.4.2 --as registry.example.com/team/app:1.4.2", "a layout directory"],
    ["countersign verify registry.example.com/team/app --file app.tar", "a file signed as app.tar"],
    ["countersign verify registry.example.com/team/app:1.4.2 --digest sha256:... --bundle app.bundle", "offline"],
  ],
  json: [
    '{"trusted": true, "gun": "...", "name": "1.4.2", "reasons": [{"code": "...", "message": "...", "hints": []}],',
    ' "signed": {"digest": "sha256:...", "length": 1234, "role": "targets", "keys": [], "publisher": "...", "signedAt": "...",',
    '   "until": "...", "dialect": "tuf1", "anchor": "pinned", "online": true, "documents": [{"role", "version", "expires",',
    '   "signedBy", "threshold"}]}, "found": {"origin": "...", "digests": [], "length": 1234}, "warnings": []}',
    "signed is absent when the collection could not be verified, found when the content was not reached;",
    'a failure that allows no verdict prints {"error": {...}} as every command does',
  ],
};

export const verify: Command = {
  spec,
  async run(context) {
    const { args, terminal, clock } = context;
    const bundleFile = args.value("bundle");
    const connections = connectionsOf(context);
    try {
      const subject = parseSubject(subjectText(args.positionals[0] ?? "", args), () => connections.client);
      const { gun, name } = subject;
      if (args.flag("deep") && subject.deepCheck === undefined) throw usage(spec, "--deep needs an image");
      const deepCheck = args.flag("deep") ? subject.deepCheck : undefined;
      const progress = (step: string): void => terminal.progress(step);
      const common = {
        name,
        content: () => subject.content(),
        ...(deepCheck === undefined ? {} : { deepCheck: () => deepCheck(progress) }),
      };
      const request = { ...readRequest(args, gun), ...common };
      if (bundleFile === undefined) {
        const ports = await connections.portsFor(gun);
        await offerPinning(context, ports, request);
        const verdict = await verifyTarget(ports, request);
        return showVerdict(terminal, verdict, clock());
      }
      const { readBundleFile } = await import("../bundle-file.ts");
      const ports = { home: connections.home, clock };
      const verdict = await verifyFromBundle(ports, { ...request, bundle: await readBundleFile(bundleFile) });
      return showVerdict(terminal, verdict, clock());
    } finally {
      connections.close();
    }
  },
};
