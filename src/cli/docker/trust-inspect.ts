// `docker trust inspect IMAGE[:TAG]...`: what is signed, by whom, and whose keys count; docker's JSON, or --pretty.
import { CountersignError, isCountersignError } from "../../bytes/index.ts";
import { readTrustData, type TrustData } from "../../docker-trust/index.ts";
import { failureText } from "./failure.ts";
import { inspectionJson, prettyInspection } from "./show-inspection.ts";
import type { TrustCommand, TrustContext } from "./trust-command.ts";
import { inRepository } from "./trust-place.ts";

export const trustInspect: TrustCommand = {
  spec: {
    words: ["inspect"],
    usage: "IMAGE[:TAG] [IMAGE[:TAG]...]",
    summary: "Return low-level information about keys and signatures",
    names: { min: 1 },
    options: [{ name: "pretty", text: ["Print the information in a human friendly format"] }],
  },
  async run(context) {
    const { args, streams } = context;
    if (args.flag("pretty")) {
      for (const [index, text] of args.names.entries()) {
        const shown = prettyInspection(text, await lookUp(context, text));
        streams.out(index < args.names.length - 1 ? `${shown}\n\n` : shown);
      }
      return 0;
    }
    const found: { readonly text: string; readonly data: TrustData }[] = [];
    const failures: unknown[] = [];
    for (const text of args.names) {
      try {
        found.push({ text, data: await lookUp(context, text) });
      } catch (error) {
        if (!isCountersignError(error)) throw error;
        failures.push(error);
      }
    }
    streams.out(inspectionJson(found));
    for (const error of failures) streams.err(failureText(error));
    return failures.length === 0 ? 0 : 1;
  },
};

/** Docker's one sentence for everything that can be wrong, with the reason below. */
async function lookUp(context: TrustContext, text: string): Promise<TrustData> {
  return inRepository(context, text, async (repository) => {
    try {
      const collection = await repository.read({ offline: true });
      if (collection === undefined) throw unavailable(text);
      const { tag, digest } = repository.image.reference;
      return await readTrustData(collection, digest === undefined ? tag : undefined);
    } catch (error) {
      if (!isCountersignError(error) || error.message === unavailable(text).message) throw error;
      throw unavailable(text, error);
    }
  });
}

function unavailable(text: string, cause?: CountersignError): CountersignError {
  return new CountersignError(cause?.code ?? "collection.missing", `no signatures or cannot access ${text}`, {
    cause,
    hints: cause === undefined ? [] : [cause.message, ...cause.hints],
  });
}
