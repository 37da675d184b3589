// Passphrase -> key, for every derivation that key files use, each with a limit on its cost: a file from somebody else must not be
// able to keep this process busy for hours or take all its memory. RFC 8018 (PBKDF2), RFC 7914 (scrypt), RFC 1423 (legacy PEM).
import { createHash, pbkdf2, scrypt } from "node:crypto";
import { promisify } from "node:util";
import { CountersignError } from "../bytes/index.ts";

export type Prf = "sha1" | "sha224" | "sha256" | "sha384" | "sha512";

export type KeyDerivation =
  | {
      readonly kind: "pbkdf2";
      readonly prf: Prf;
      readonly salt: Uint8Array;
      readonly iterations: number;
      /** As the file states it, if it does. */
      readonly keyLength: number | undefined;
    }
  | {
      readonly kind: "scrypt";
      readonly salt: Uint8Array;
      readonly cost: number;
      readonly blockSize: number;
      readonly parallelization: number;
      readonly keyLength: number | undefined;
    };

/** About two seconds of one core; password managers' advice (600,000) fits with room. */
export const maxPbkdf2Iterations = 5_000_000;
/** Bytes. OpenSSL's default takes 16 MiB, and so does ours. */
export const maxScryptMemory = 256 * 1024 * 1024;
/** N * r * p; ours is below 2^19. */
export const maxScryptWork = 2 ** 22;

const pbkdf2Async = promisify(pbkdf2);

/** @throws limit.exceeded when the file asks for more work than any honest one; key.format for parameters out of range */
export async function deriveKey(derivation: KeyDerivation, passphrase: string, length: number): Promise<Uint8Array> {
  if (derivation.keyLength !== undefined && derivation.keyLength !== length) {
    throw new CountersignError(
      "key.format",
      `key file states a key of ${derivation.keyLength} bytes where its cipher takes ${length}`,
    );
  }
  if (derivation.kind === "pbkdf2") {
    const { iterations, salt, prf } = derivation;
    if (iterations < 1) throw new CountersignError("key.format", "key file states no PBKDF2 iterations");
    if (iterations > maxPbkdf2Iterations) {
      throw tooCostly(`${iterations} PBKDF2 iterations, limit ${maxPbkdf2Iterations}`);
    }
    return pbkdf2Async(passphrase, salt, iterations, length, prf);
  }
  const { cost, blockSize, parallelization, salt } = derivation;
  if (cost < 2 || (cost & (cost - 1)) !== 0 || blockSize < 1 || parallelization < 1) {
    throw new CountersignError("key.format", "key file states scrypt parameters that are out of range");
  }
  const memory = 128 * cost * blockSize;
  const work = cost * blockSize * parallelization;
  if (memory > maxScryptMemory || work > maxScryptWork) {
    throw tooCostly(`scrypt N=${cost} r=${blockSize} p=${parallelization}`);
  }
  return new Promise((resolve, reject) => {
    // OpenSSL counts its scratch space against maxmem too.
    const options = { N: cost, r: blockSize, p: parallelization, maxmem: 2 * memory + 2 ** 20 };
    scrypt(passphrase, salt, length, options, (error, key) => (error === null ? resolve(key) : reject(error)));
  });
}

/** OpenSSL's derivation for `DEK-Info` files: chained MD5 over passphrase and the first eight bytes of the IV. Read only. */
export function deriveLegacyKey(passphrase: string, iv: Uint8Array, length: number): Uint8Array {
  const salt = iv.subarray(0, 8);
  let key = new Uint8Array();
  let last = new Uint8Array();
  while (key.length < length) {
    last = new Uint8Array(createHash("md5").update(last).update(passphrase, "utf8").update(salt).digest());
    key = Uint8Array.from([...key, ...last]);
  }
  return key.subarray(0, length);
}

function tooCostly(asked: string): CountersignError {
  return new CountersignError("limit.exceeded", `key file asks for too much work: ${asked}`, {
    hints: ["write the file again with ordinary parameters: openssl pkcs8 -topk8 -v2 aes-256-cbc"],
  });
}
