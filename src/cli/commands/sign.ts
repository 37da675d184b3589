// `countersign sign IMAGE...`: say "this is the one".
import { parseRoleName } from "../../bytes/index.ts";
import { parseSubject, type SignRequest, signTargets, stageTargets, type TargetToSign } from "../../flows/index.ts";
import { usage } from "../arguments.ts";
import { connectionsOf } from "../collection-options.ts";
import type { Command, CommandSpec } from "../command.ts";
import { customData } from "../custom-data.ts";
import { exitCodes } from "../exit-codes.ts";
import { publishedJson, publisherName, publishOptions, showPublished } from "../publish-options.ts";
import { subjectOptions, subjectText } from "../subject.ts";
import { printable } from "../terminal.ts";
import { openWorkplace, stagedChanges, stageOption, trustDirectoryOption } from "../workplace.ts";

const spec: CommandSpec = {
  name: "sign",
  usage: ["IMAGE:TAG... [options]", "oci:DIR:TAG --as GUN:TAG [options]", "GUN:NAME --file PATH [options]"],
  about: [
    "Signs what the registry serves under these tags now: digest and length of the manifest, with who and when. An index for several platforms is signed as an index. Several tags of one collection become visible together or not at all.",
    "Before anything is signed, the collection is read as a verifier reads it, and the change is checked for anything that would lock readers or owners out. Success is reported only after a fresh reader of each dialect has read it back.",
  ],
  positionals: { min: 1, max: 500 },
  options: [
    ...subjectOptions,
    {
      name: "role",
      value: "ROLE",
      text: "sign in this role, such as targets/releases; unless given targets, or the delegations whose keys are here",
    },
    { name: "publisher", value: "NAME", text: "who signs, as readers see it; user@machine unless given" },
    { name: "custom", value: "FILE", isFile: true, text: "sign this JSON object along, as data of your own" },
    stageOption,
    trustDirectoryOption,
    ...publishOptions,
  ],
  examples: [
    ["countersign sign registry.example.com/team/app:1.4.2", "push first, then sign"],
    ["countersign sign registry.example.com/team/app:1.4.2 registry.example.com/team/app:latest", "two tags in one go"],
    ["countersign sign oci:./image:1.4.2 --as registry.example.com/team/app:1.4.2", "from a layout directory"],
    ["countersign sign registry.example.com/team/app:app.tar --file ./app.tar", "any file"],
  ],
  json: [
    '{"gun": "...", "signed": [{"name": "1.4.2", "digests": ["sha256:..."], "length": 1234}], "published": [{"dialect": "tuf1",',
    ' "role": "targets", "version": 2}], "behind": [], "findings": [], "attempts": 1}',
  ],
};

export const sign: Command = {
  spec,
  async run(context) {
    const { args, terminal } = context;
    if (args.positionals.length > 1 && ["file", "digest", "as"].some((name) => args.value(name) !== undefined)) {
      throw usage(spec, "--file, --digest and --as go with one image at a time");
    }
    const connections = connectionsOf(context);
    try {
      const subjects = args.positionals.map((text) => parseSubject(subjectText(text, args), () => connections.client));
      const [first, ...others] = subjects;
      if (first === undefined) throw usage(spec, "no image is named");
      const { gun } = first;
      const stranger = others.find((subject) => subject.gun !== gun);
      if (stranger !== undefined) throw usage(spec, `one collection at a time: ${gun} and ${stranger.gun}`);
      const roleText = args.value("role");
      const role = roleText === undefined ? undefined : parseRoleName(roleText);
      const publisher = await publisherName(context, connections.home);
      terminal.progress(`measuring ${subjects.map((subject) => subject.name).join(", ")} ...`);
      const targets: TargetToSign[] = [];
      for (const { name, content } of subjects) targets.push({ name, content: await content() });
      const custom = await customData(args.value("custom"));
      if (args.flag("stage")) {
        const ids = await stageTargets(
          stagedChanges(context, gun),
          { targets, role, publisher, custom },
          context.clock(),
        );
        terminal.value({ gun, staged: ids });
        for (const { name } of targets) terminal.line(`staged: ${printable(`${gun}:${name}`)}`);
        terminal.note(`to publish it: countersign publish ${gun} --staged`);
        return exitCodes.done;
      }
      const { ports, pins, ring } = await openWorkplace(context, connections, gun);
      const request: SignRequest = { gun, targets, role, publisher, custom, ring: await ring(), pins };
      const report = await signTargets(ports, request);
      const signed = targets.map(({ name, content }) => {
        const length = content.length === undefined ? {} : { length: content.length };
        return { name, digests: [...content.digests.values()], ...length };
      });
      terminal.value({ gun, signed, ...publishedJson(report) });
      for (const { name, content } of targets) {
        terminal.line(`${terminal.paint("green", "signed:")} ${printable(`${gun}:${name}`)}`);
        const digest = content.digests.get("sha256") ?? [...content.digests.values()][0];
        terminal.facts([
          ["digest ", digest],
          ["length ", content.length === undefined ? undefined : `${content.length} bytes`],
        ]);
      }
      showPublished(terminal, report);
      return exitCodes.done;
    } finally {
      connections.close();
    }
  },
};
