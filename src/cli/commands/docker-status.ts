// `countersign docker status`: which docker there is, what it can do, and how our plugins stand.
import type { Command } from "../command.ts";
import { dockerStanding, type PluginStanding } from "../docker/plugin-places.ts";
import { exitCodes } from "../exit-codes.ts";
import { printable } from "../terminal.ts";

const words: Readonly<Record<PluginStanding["state"], string>> = {
  current: "in place",
  outdated: "calls another copy of this program: run countersign docker install",
  missing: "not installed: run countersign docker install",
  shadowed: "another plugin of that name comes before ours",
  "not-needed": "not needed: this docker has its own trust",
  useless: "in docker's way, which has its own trust: run countersign docker install",
};

export const dockerStatus: Command = {
  spec: {
    name: "docker status",
    usage: ["[options]"],
    about: ["Says which docker is found here, whether it has docker trust of its own, and how our plugins stand."],
    positionals: { min: 0, max: 0 },
    options: [],
    examples: [["countersign docker status --json", "the same as one JSON text"]],
    json: [
      '{"docker": {"path": "...", "version": "28.2.2", "trust": true}, "plugins": [{"name": "countersign", "state": "current",',
      ' "found": [{"path": "...", "ours": true}]}]}, with docker null where there is none',
    ],
  },
  async run({ env, terminal }) {
    const { docker, plugins } = await dockerStanding(env);
    terminal.value({
      docker:
        docker === undefined ? null : { path: docker.path, version: docker.version ?? null, trust: docker.hasTrust },
      plugins: plugins.map(({ name, state, found }) => ({
        name,
        state,
        found: found.map(({ path, isOurs }) => ({ path, ours: isOurs })),
      })),
    });
    const version = docker?.version ?? "of an unknown version";
    const trust = docker?.hasTrust === true ? "with its own docker trust" : "without docker trust";
    terminal.facts([
      ["docker", docker === undefined ? "not found" : `${printable(docker.path)}, ${version}, ${trust}`],
      ...plugins.map(({ name, state }) => [`docker-${name}`, words[state]] as const),
      ...plugins.flatMap(({ name, found }) =>
        found.map(
          ({ path, isOurs }) => ["", `docker-${name}: ${printable(path)}${isOurs ? "" : " (not ours)"}`] as const,
        ),
      ),
    ]);
    return exitCodes.done;
  },
};
