// countersign as a library: one question, answered with a verdict. `verify` uses the same flow as the command, with the same pins, cache
// and memory of the user unless `home` names another directory. It trusts nothing on first sight unless told to, never prompts and
// prints nothing. Expected failures are verdicts with reasons; what kept it from judging is thrown as a CountersignError.
// The layers below are there for more: countersign/updater, /publish, /oci, /tuf, /dialects, /keys, /server.
import { systemClock } from "./bytes/index.ts";
import { connect, parseSubject, type Verdict, verifyFromBundle, verifyTarget } from "./flows/index.ts";
import { parsePinText } from "./home/index.ts";
import type { DialectName } from "./tuf/index.ts";

export { CountersignError, type ErrorCode, type ErrorKind } from "./bytes/index.ts";
export type { Reason, Refused, SignedFacts, Trusted, Verdict, VerdictDocument } from "./flows/index.ts";

export interface VerifyOptions {
  /** `registry.example.com/team/app:1.4.2`, `oci:DIR:TAG`; with `file` the collection's name, perhaps with `:NAME`. */
  readonly image: string;
  /** `GUN:NAME`, where `image` does not say which collection is meant: layouts, mirrors. */
  readonly as?: string;
  /** A file instead of an image. */
  readonly file?: string;
  /** `sha256:...`: compare this and ask no registry. */
  readonly digest?: string;
  /** The trust server; otherwise found as the command finds it. */
  readonly server?: string;
  /** PEM file of an authority to trust beside the system's. */
  readonly tlsCa?: string;
  /** Ids of root keys to believe, instead of the pins at home. */
  readonly pins?: readonly string[];
  /** Believe an unpinned collection once, and pin what it showed. Default false. */
  readonly trustOnFirstUse?: boolean;
  readonly dialect?: DialectName;
  /** May the unexpired cached chain answer when the server cannot be reached? Default "never". */
  readonly offline?: "never" | "allowed";
  /** A saved bundle instead of a server. */
  readonly bundle?: Uint8Array;
  /** Also read every layer and hold it against its digest. */
  readonly deep?: boolean;
  /** As COUNTERSIGN_HOME. */
  readonly home?: string;
  readonly signal?: AbortSignal;
}

/** Is this the image or file that its publisher signed, unchanged and current? @throws CountersignError when it cannot be judged */
export async function verify(options: VerifyOptions): Promise<Verdict> {
  const env = options.home === undefined ? process.env : { ...process.env, COUNTERSIGN_HOME: options.home };
  const connections = connect({
    env,
    clock: systemClock,
    server: options.server,
    tlsCa: options.tlsCa,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  try {
    const { image: text, as, file, digest } = options;
    const subject = parseSubject({ text, as, file, digest }, () => connections.client);
    const { gun, name, deepCheck } = subject;
    const request = {
      gun,
      name,
      content: () => subject.content(),
      pins: (options.pins ?? []).map(parsePinText),
      trustOnFirstUse: options.trustOnFirstUse ?? false,
      ...(options.deep === true && deepCheck !== undefined ? { deepCheck: () => deepCheck(() => undefined) } : {}),
    };
    if (options.bundle !== undefined) {
      const ports = { home: connections.home, clock: systemClock };
      return await verifyFromBundle(ports, { ...request, bundle: options.bundle });
    }
    const { dialect = "auto", offline = "never" } = options;
    return await verifyTarget(await connections.portsFor(gun), { ...request, dialect, offline });
  } finally {
    connections.close();
  }
}
