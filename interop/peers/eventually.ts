// What a peer does in its own time, waited for.
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

/** notary-server tries a signer that was away again after a growing pause, and looks at its health every ten seconds. */
export async function eventually(isSo: () => Promise<boolean>): Promise<void> {
  const until = performance.now() + 60_000;
  while (!(await isSo())) {
    assert.ok(performance.now() < until, "not within a minute");
    await sleep(300);
  }
}
