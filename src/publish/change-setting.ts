// Changes to what a collection says of itself (signed-settings.ts): whom it must serve, how long what it signs is good.
import { CountersignError, type JsonValue } from "../bytes/index.ts";
import type { SetLifetime, SetMustServe } from "./change.ts";
import { type CollectionDraft, targetsRole } from "./collection-draft.ts";
import { signedLifetime } from "./lifetimes.ts";
import { signedReaders } from "./must-serve.ts";
import { type SettingName, withSetting } from "./signed-settings.ts";

/** @throws preflight.inexpressible */
export function changeSetting(draft: CollectionDraft, change: SetMustServe | SetLifetime): void {
  if (change.kind === "serve") set(draft, "x-countersign-must-serve", signedReaders(change.readers));
  else set(draft, "x-countersign-lifetime-days", signedLifetime(change.days));
}

function set({ dialects }: CollectionDraft, name: SettingName, value: JsonValue | undefined): void {
  const roles = dialects.find(({ dialect }) => dialect.name === "tuf1")?.roles;
  const top = roles?.get(targetsRole);
  if (roles === undefined || top === undefined) {
    throw new CountersignError(
      "preflight.inexpressible",
      "the collection is notary1 alone, which has no place where other machines would read this",
    );
  }
  const content = withSetting(top.content, name, value);
  roles.set(targetsRole, { ...top, content, touch: "changed", isOptional: false });
}
