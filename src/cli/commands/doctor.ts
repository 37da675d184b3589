// `countersign doctor [GUN...]`: looks for what is wrong or will be, before somebody else finds out.
import { type Gun, isCountersignError, parseGun } from "../../bytes/index.ts";
import { connect } from "../../flows/index.ts";
import type { Home } from "../../home/index.ts";
import type { Command } from "../command.ts";
import { type Check, type Finding, type Patient, problem } from "../doctor/check.ts";
import { checks } from "../doctor/checks.ts";
import { exitCodes } from "../exit-codes.ts";
import { printable, type Terminal } from "../terminal.ts";

export const doctor: Command = {
  spec: {
    name: "doctor",
    usage: ["[GUN...] [options]"],
    about: [
      "Looks at the keys on this machine, at the trust server and the clock, at collections (those named, or those pinned) and at docker, and says what is wrong, what will be, and what to do. Nothing is changed.",
      "Exit code 8 when there is a problem; warnings alone leave it 0.",
    ],
    positionals: { min: 0, max: 500 },
    options: [
      { name: "server", value: "URL", text: "the trust server; otherwise as for every other command" },
      {
        name: "tls-ca",
        value: "FILE",
        isFile: true,
        text: "trust this certificate authority (PEM) beside the system's",
      },
    ],
    examples: [
      ["countersign doctor", "this machine and what is pinned on it"],
      ["countersign doctor registry.example.com/team/app --json", "one collection, for a program"],
    ],
    json: [
      '{"findings": [{"check": "docker", "level": "problem", "code": "docker.trust_ignored", "text": "...", "hints": ["..."]}]},',
      " level: fine, warning or problem",
    ],
  },
  async run({ args, env, clock, terminal }) {
    const connections = connect({ env, clock, server: args.value("server"), tlsCa: args.value("tls-ca") });
    try {
      const named = args.positionals.map(parseGun);
      const collections = named.length > 0 ? named : await pinned(connections.home);
      const patient: Patient = { env, clock, connections, collections };
      const findings: (Finding & { readonly check: string })[] = [];
      for (const check of checks) {
        terminal.progress(`looking at ${check.name} ...`);
        const found = await findingsOf(check, patient);
        for (const finding of found) findings.push({ check: check.name, ...finding });
      }
      terminal.value({ findings: findings.map((finding) => ({ ...finding })) });
      for (const finding of findings) show(terminal, finding);
      return findings.some(({ level }) => level === "problem") ? exitCodes.local : exitCodes.done;
    } finally {
      connections.close();
    }
  },
};

/** What stops a check is what it found. */
async function findingsOf(check: Check, patient: Patient): Promise<readonly Finding[]> {
  try {
    return await check.run(patient);
  } catch (error) {
    if (!isCountersignError(error)) throw error;
    return [problem(error.code, error.message, ...error.hints)];
  }
}

/** Patterns name no collection that could be read. */
async function pinned(home: Home): Promise<readonly Gun[]> {
  const names = (await home.pins.list()).map(({ name }) => name);
  return names.filter((name) => !name.endsWith("*")).map(parseGun);
}

function show(terminal: Terminal, { check, level, text, hints }: Finding & { readonly check: string }): void {
  const colour = level === "fine" ? "green" : level === "warning" ? "yellow" : "red";
  terminal.line(`${terminal.paint(colour, level)}: ${check}: ${printable(text)}`);
  for (const hint of hints) terminal.line(`  - ${printable(hint)}`);
}
