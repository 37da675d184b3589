// What a collection says of itself to those who publish it. It stands in the tuf1 `targets`, signed, so that every machine that publishes
// knows it; readers keep members that they do not know (TUF 1.0.34, 4.1). notary1 has no word for it.
import type { JsonObject, JsonValue } from "../bytes/index.ts";
import type { Targets } from "../tuf/index.ts";

const members = ["x-countersign-must-serve", "x-countersign-lifetime-days"] as const;
export type SettingName = (typeof members)[number];

/** As signed; undefined: not said. */
export function settingOf(signed: Pick<Targets, "extra"> | undefined, name: SettingName): JsonValue | undefined {
  return signed !== undefined && Object.hasOwn(signed.extra, name) ? signed.extra[name] : undefined;
}

/** `undefined` takes it back. */
export function withSetting(targets: Targets, name: SettingName, value: JsonValue | undefined): Targets {
  const { [name]: _, ...rest } = targets.extra;
  return { ...targets, extra: value === undefined ? rest : { ...rest, [name]: value } };
}

/** Members of a document with what this dialect said before: what was said in notary1 takes nothing away. */
export function keepingSettings(next: JsonObject, before: JsonObject | undefined): JsonObject {
  const kept = Object.entries(before ?? {}).filter(([name]) => isSetting(name));
  const rest = Object.entries(next).filter(([name]) => !isSetting(name));
  return Object.fromEntries([...rest, ...kept]);
}

function isSetting(name: string): boolean {
  return members.some((member) => member === name);
}
