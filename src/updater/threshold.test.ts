// A threshold of zero would let anybody sign, a fraction or a string would be read differently by different clients. The document that
// says so is refused as a whole, whoever signed it.
import { decodeUtf8, encodeCanonicalJson, encodeUtf8, type JsonObject, parseRoleName } from "../bytes/index.ts";
import {
  inBothDialects,
  type MutableJson,
  rejectsWith,
  SimulatedReader,
  Simulator,
  sampleTarget,
} from "../testing/index.ts";

const wrong = ["0", "-1", "1.5", '"1"', "null", "true", "[1]", "9007199254740993", "1e400"];

function withThreshold(signed: MutableJson, text: string): Uint8Array {
  return encodeUtf8(decodeUtf8(encodeCanonicalJson(signed as JsonObject)).replaceAll("424242", text));
}

inBothDialects("a root with a threshold that is no positive integer is refused", async (dialect) => {
  for (const role of ["root", "targets", "snapshot", "timestamp"] as const) {
    for (const text of wrong) {
      const simulator = await Simulator.create();
      const reader = new SimulatedReader(simulator);
      await reader.open(dialect);
      simulator.mangle.set(parseRoleName("root"), (signed) => {
        (signed as { roles: Record<string, { threshold: number }> }).roles[role] = {
          ...(signed as { roles: Record<string, { threshold: number }> }).roles[role],
          threshold: 424242,
        };
        return withThreshold(signed, text);
      });
      await simulator.publishRoot();
      await simulator.publish();
      const codes = [
        "threshold.invalid",
        "metadata.invalid",
        "json.not_integer",
        "json.unsafe_integer",
        "json.invalid",
      ] as const;
      await rejectsWith(reader.open(dialect), ...codes);
      await rejectsWith(new SimulatedReader(simulator).open(dialect), ...codes);
    }
  }
});

inBothDialects("targets that delegate with such a threshold are refused", async (dialect) => {
  for (const text of wrong) {
    const simulator = await Simulator.create();
    const delegation = await simulator.delegate("targets", "targets/releases");
    delegation.threshold = 424242;
    simulator.role("targets/releases").targets.set("release-1", sampleTarget("release one"));
    simulator.mangle.set(parseRoleName("targets"), (signed) => withThreshold(signed, text));
    simulator.signers.set(parseRoleName("targets/releases"), []);
    await simulator.publish("targets", "targets/releases");
    await rejectsWith(
      new SimulatedReader(simulator).open(dialect),
      "threshold.invalid",
      "metadata.invalid",
      "json.not_integer",
      "json.unsafe_integer",
      "json.invalid",
    );
  }
});
