// Pins: what a reader trusts before the first contact, and the rule by which a first root is accepted (notary-v1, sections 8
// and 14.1). A root is only ever accepted when it also reaches its own threshold with its own keys; that part is TrustedSet's.
// - `key`: the canonical id of a root key; one of them among the valid signers is enough. Works in both dialects.
// - `certificate`: a notary1 root key id, which covers the certificate. As in Notary only pinned certificates count: the pinned
//   ones must reach the root's threshold by themselves. tuf1 has no certificates, and its key ids are chosen by whoever writes
//   the root, so a certificate pin never matches there.
// - `authority`: certificate authorities; root certificates that they have issued count, and must reach the threshold by themselves.
//   notary1 only, as above.
import { CountersignError, encodeHex, type Gun, sha256 } from "../bytes/index.ts";
import { type CanonicalKeyId, type Certificate, isCertifiedBy, type KeyId } from "../keys/index.ts";
import { countSigners, type Dialect, type Document, type Key, type Root } from "../tuf/index.ts";

export type Pin = KeyPin | AuthorityPin;

export type KeyPin =
  | { readonly kind: "key"; readonly id: CanonicalKeyId }
  | { readonly kind: "certificate"; readonly id: KeyId };

export interface AuthorityPin {
  readonly kind: "authority";
  /** Any of these. */
  readonly certificates: readonly Certificate[];
  /** Where they came from, for people. */
  readonly origin: string;
}

/** Why the first root was believed. */
export type Anchor =
  | { readonly kind: "pinned"; readonly pins: readonly Pin[] }
  /** Nobody vouched for it but the server; only when the caller asked for trust on first use. */
  | { readonly kind: "firstUse" };

/** `<64 hex>` or `key:<64 hex>`: a root key by its canonical id; `certificate:<64 hex>`: Notary's id. @throws usage.invalid */
export function parsePin(text: string): KeyPin {
  const match = /^(?:(key|certificate):)?([0-9a-f]{64})$/.exec(text);
  const id = match?.[2];
  if (match === null || id === undefined) {
    throw new CountersignError("usage.invalid", `not a pin: ${JSON.stringify(text.slice(0, 100))}`, {
      hints: [
        "a pin is the 64 hex digits of a root key's id, or certificate:<64 hex digits> for a pin made for Notary",
      ],
    });
  }
  return match[1] === "certificate" ? { kind: "certificate", id: brandKeyId(id) } : { kind: "key", id: brandKeyId(id) };
}

/** As parsePin reads it; an authority by the hash of its certificates, which nothing reads back. */
export function formatPin(pin: Pin): string {
  switch (pin.kind) {
    case "key":
      return pin.id;
    case "certificate":
      return `certificate:${pin.id}`;
    case "authority":
      return `authority:${encodeHex(sha256(pin.certificates.map(({ pem }) => pem).join("")))}`;
  }
}

/**
 * The pins that vouch for a root; none = nobody does. Only signatures of keys that may speak for this collection count; their dates
 * do not, since the chain may start at a root of long ago (the last one's are checked); but what an authority has issued counts at `now`
 * (milliseconds since the epoch) only. Says nothing of the root's own threshold.
 */
export function vouchingPins(
  dialect: Dialect,
  root: Document<Root>,
  about: { readonly gun: Gun; readonly now: number },
  pins: readonly Pin[],
): readonly Pin[] {
  const { gun, now } = about;
  const { keys, roles } = root.signed;
  const accepts = (key: Key) => dialect.acceptsRootKey(key, { gun, now: undefined });
  const { signers } = countSigners(dialect, root, keys, roles.root, { accepts, countAll: true });
  const byKey = pins.filter((pin) => pin.kind === "key" && signers.includes(pin.id));
  if (byKey.length > 0 || dialect.name !== "notary1") return byKey;
  const certificates = new Set<KeyId>(pins.filter((pin) => pin.kind === "certificate").map((pin) => pin.id));
  const authorities = pins.filter((pin) => pin.kind === "authority").flatMap((pin) => pin.certificates);
  if (certificates.size === 0 && authorities.length === 0) return [];
  const isCertified = (key: Key) => authorities.length > 0 && isCertifiedBy(key.certificates, authorities, now);
  const count = countSigners(dialect, root, keys, roles.root, {
    accepts: (key) => (certificates.has(key.id) || isCertified(key)) && accepts(key),
    countAll: true,
  });
  if (!count.met) return [];
  const certified = count.keyIds.some((id) => !certificates.has(id));
  return pins.filter((pin) => {
    if (pin.kind === "authority") return certified;
    return pin.kind === "certificate" && count.keyIds.includes(pin.id);
  });
}

/** The error for a root that no pin vouches for; it names the keys that did sign, so that people can compare. */
export function pinMismatch(gun: Gun, root: Document<Root>, pins: readonly Pin[]): CountersignError {
  const listed = root.signed.roles.root.keyIds;
  const keyPins = pins.filter((pin) => pin.kind === "key");
  const mistaken = keyPins.find((pin) => root.dialect === "notary1" && listed.includes(pin.id));
  const ids = listed.map((keyId) => root.signed.keys.get(keyId)?.publicKey?.id ?? "unusable key").join(", ");
  return new CountersignError(
    "pin.mismatch",
    `${gun}: no pinned key signed root version ${root.signed.version} (${root.dialect}); its root keys are ${ids}; pinned: ${pins.map(formatPin).join(", ")}`,
    {
      hints: [
        mistaken === undefined
          ? "if the owner moved to other root keys, get the new key ids from the owner, by another way than this server, and pin those"
          : `${mistaken.id} is the id of a Notary root certificate: pin it as certificate:${mistaken.id}`,
      ],
    },
  );
}

// The brand is made here because a pin is where a key id enters from outside without its key.
function brandKeyId(hex: string): CanonicalKeyId {
  return hex as CanonicalKeyId;
}
