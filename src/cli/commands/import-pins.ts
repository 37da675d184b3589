// Which pins an import goes by: those of the command line, else of a notary client's trust_pinning, else those at home. Docker's and
// Notary's rule that nothing pinned means belief on first use is not taken over: that has to be said.
import { dirname } from "node:path";
import { CountersignError, type Gun, isJsonObject, parseJson } from "../../bytes/index.ts";
import { notaryPinning, openHome, readAuthorities, readSmallFile } from "../../home/index.ts";
import type { Pin } from "../../updater/index.ts";
import { pinsOf } from "../collection-options.ts";
import type { Context } from "../command.ts";

const maxConfigBytes = 1024 * 1024;

/** The pins of each collection; none: nothing is pinned. @throws usage.invalid, config.invalid, disk.unreadable */
export async function pinsForImport({ args, env }: Context): Promise<(gun: Gun) => Promise<readonly Pin[]>> {
  const authority = args.value("pin-ca");
  const given: readonly Pin[] = [
    ...pinsOf(args),
    ...(authority === undefined ? [] : [await readAuthorities(authority)]),
  ];
  if (given.length > 0) return async () => given;
  const config = args.value("notary-config");
  const pinning = config === undefined ? undefined : await trustPinning(config);
  const { pins } = openHome(env);
  return async (gun) => {
    const notary = config === undefined ? [] : (await notaryPinning(pinning, gun, dirname(config))).pins;
    return notary.length > 0 ? notary : ((await pins.find(gun))?.pins ?? []);
  };
}

async function trustPinning(path: string) {
  const bytes = await readSmallFile(path, { maxBytes: maxConfigBytes });
  if (bytes === undefined) throw new CountersignError("disk.unreadable", `there is no file ${path}`);
  const value = parseJson(bytes, { maxBytes: maxConfigBytes });
  if (!isJsonObject(value)) throw new CountersignError("config.invalid", `${path} is not a JSON object`);
  return Object.hasOwn(value, "trust_pinning") ? value.trust_pinning : undefined;
}
