// Documents as they lie in their rows: the small ones deflated against a dictionary of the words that every document is made of, which
// takes half the room of the bytes themselves, and far less than PostgreSQL's own compression of rows (a kilobyte says little twice).
// What comes out is compared with the row's hash: a document is served by its exact bytes or not at all. Large ones are left to the
// database. The first byte tells:
//   1  deflated (RFC 1951) with the dictionary below, which therefore never changes: another one takes another number
//   0  as it is, behind this byte; for bytes that begin with 0 or 1 themselves, which no JSON text does
//   anything else: as it is
import { Buffer } from "node:buffer";
import { deflateRawSync, inflateRawSync } from "node:zlib";
import { CountersignError, encodeHex, sha256 } from "../bytes/index.ts";
import { documentOf, type Row } from "./rows.ts";
import type { StoredDocument } from "./storage.ts";

/** Beyond this it costs more time than it saves room. */
const maxPackedBytes = 32 * 1024;

/** What stands at the end is found with the shortest references. */
const dictionary = Buffer.from(
  [
    '{"signed":{"_type":"Root","consistent_snapshot":false,"expires":"2036-01-01T00:00:00.000Z","keys":{"',
    '":{"keytype":"ecdsa-x509","keyval":{"private":null,"public":"LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSU',
    "LS0tLS1FTkQgQ0VSVElGSUNBVEUtLS0tLQo=",
    '"}},"',
    '{"_type":"root","consistent_snapshot":true,"expires":"2036-01-01T00:00:00Z","keys":{"',
    '":{"keytype":"ecdsa","keyval":{"public":"-----BEGIN PUBLIC KEY-----\\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE',
    '\\n-----END PUBLIC KEY-----\\n"},"scheme":"ecdsa-sha2-nistp256"},"',
    '"roles":{"root":{"keyids":["","threshold":1},"snapshot":{"keyids":["","threshold":1},"targets":{"keyids":["',
    '"],"threshold":1},"timestamp":{"keyids":["","threshold":1}},"spec_version":"1.0.34","version":',
    '{"signed":{"_type":"Targets","delegations":{"keys":{},"roles":[]},"expires":"2029-01-01T00:00:00.000Z","targets":{"',
    '{"signed":{"_type":"targets","expires":"2029-01-01T00:00:00Z","spec_version":"1.0.34","targets":{},"version":',
    '":{"custom":{"countersign":{"signed":"2026-01-01T00:00:00Z"}},"hashes":{"sha256":"","length":',
    '"},"keytype":"ecdsa","keyval":{"private":null,"public":"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE',
    '{"signed":{"_type":"Snapshot","expires":"2029-01-01T00:00:00.000Z","meta":{"root":{"hashes":{"sha256":"',
    '","sha512":"',
    '=="},"length":',
    '},"targets":{"hashes":{"sha256":"',
    '{"signed":{"_type":"snapshot","expires":"2026-01-01T00:00:00Z","meta":{"targets.json":{"version":1}},"spec_version":"1.0.34","version":',
    '{"signed":{"_type":"timestamp","expires":"2026-01-01T00:00:00Z","meta":{"snapshot.json":{"hashes":{"sha256":"","length":,"version":',
    '{"signed":{"_type":"Timestamp","expires":"2026-01-01T00:00:00.000Z","meta":{"snapshot":{"hashes":{"sha256":"',
    '}},"version":1},"signatures":[{"keyid":"","method":"ecdsa","sig":"3045022100"}]}',
    '},"signatures":[{"keyid":"","sig":"304402200',
    '"}]}',
  ].join(""),
);

/** A window that holds the dictionary and most documents: a larger one costs memory to clear with every document and saves nothing. */
const compression = { dictionary, level: 6, memLevel: 5, windowBits: 13 };

/** As the row holds it. */
export function pack(bytes: Uint8Array): Uint8Array {
  const isMarked = bytes[0] === 0 || bytes[0] === 1;
  if (bytes.length <= maxPackedBytes) {
    const packed = deflateRawSync(bytes, compression);
    if (packed.length + 1 < bytes.length) return Buffer.concat([Buffer.of(1), packed]);
  }
  return isMarked ? Buffer.concat([Buffer.of(0), bytes]) : bytes;
}

/** The document of a row. @throws storage.corrupt when its bytes are not those that were stored */
export function packedDocumentOf(row: Row): StoredDocument {
  const stored = documentOf(row);
  const bytes = unpack(stored.bytes);
  if (bytes === stored.bytes) return stored;
  if (bytes === undefined || encodeHex(sha256(bytes)) !== stored.sha256) {
    const { dialect, role, version } = stored;
    throw new CountersignError(
      "storage.corrupt",
      `the database holds other bytes of ${dialect} ${role} version ${version}`,
    );
  }
  return { ...stored, bytes };
}

/** undefined: no deflated bytes. */
function unpack(bytes: Uint8Array): Uint8Array | undefined {
  if (bytes[0] === 0) return bytes.subarray(1);
  if (bytes[0] !== 1) return bytes;
  try {
    const unpacked = inflateRawSync(bytes.subarray(1), { dictionary, maxOutputLength: maxPackedBytes });
    return new Uint8Array(unpacked.buffer, unpacked.byteOffset, unpacked.length);
  } catch {
    return undefined;
  }
}
