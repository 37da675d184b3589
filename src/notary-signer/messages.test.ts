// Our few lines of Protocol Buffers against protobufjs with the protocol's own field numbers, in both directions; and whatever a
// peer may send instead of a message.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fromJSON } from "@grpc/proto-loader";
import fc from "fast-check";
import { CountersignError, isCountersignError } from "../bytes/index.ts";
import {
  decodeCreateKeyRequest,
  decodeHealthAnswer,
  decodeHealthRequest,
  decodeKeyAnswer,
  decodeKeyId,
  decodeKeyInfoAnswer,
  decodeSignatureAnswer,
  decodeSignatureRequest,
  encodeCreateKeyRequest,
  encodeHealthAnswer,
  encodeHealthRequest,
  encodeKeyAnswer,
  encodeKeyId,
  encodeKeyInfoAnswer,
  encodeSignatureAnswer,
  encodeSignatureRequest,
} from "./messages.ts";

const field = (id: number, type: string) => ({ id, type });
const descriptor = {
  nested: {
    proto: {
      nested: {
        CreateKeyRequest: {
          fields: { algorithm: field(1, "string"), gun: field(2, "string"), role: field(3, "string") },
        },
        KeyID: { fields: { ID: field(1, "string") } },
        Algorithm: { fields: { algorithm: field(1, "string") } },
        KeyInfo: { fields: { keyID: field(1, "KeyID"), algorithm: field(2, "Algorithm") } },
        PublicKey: { fields: { keyInfo: field(1, "KeyInfo"), publicKey: field(2, "bytes") } },
        GetKeyInfoResponse: {
          fields: { keyInfo: field(1, "KeyInfo"), publicKey: field(2, "bytes"), role: field(3, "string") },
        },
        SignatureRequest: { fields: { keyID: field(1, "KeyID"), content: field(2, "bytes") } },
        Signature: {
          fields: { keyInfo: field(1, "KeyInfo"), algorithm: field(2, "Algorithm"), content: field(3, "bytes") },
        },
        Text: { fields: { service: field(1, "string") } },
        Number: { fields: { status: field(1, "int32") } },
        // One method for each message, because the loader hands over serializers of methods.
        All: {
          methods: Object.fromEntries(
            [
              "CreateKeyRequest",
              "KeyID",
              "PublicKey",
              "GetKeyInfoResponse",
              "SignatureRequest",
              "Signature",
              "Text",
              "Number",
            ].map((name) => [name, { requestType: name, responseType: name }]),
          ),
        },
      },
    },
  },
};
const service = fromJSON(descriptor as unknown as Parameters<typeof fromJSON>[0], { keepCase: true, defaults: true })[
  "proto.All"
] as unknown as Record<
  string,
  { requestSerialize: (value: object) => Buffer; requestDeserialize: (bytes: Buffer) => object }
>;

const keyId = "ab".repeat(32);
const content = Uint8Array.from({ length: 300 }, (_, index) => index & 0xff);
const info = { keyID: { ID: keyId }, algorithm: { algorithm: "ecdsa" } };

const pairs: readonly [name: string, ours: Uint8Array, theirs: object, decode: (bytes: Uint8Array) => unknown][] = [
  [
    "CreateKeyRequest",
    encodeCreateKeyRequest({ algorithm: "ecdsa", gun: "ünï/app", role: "timestamp" }),
    { algorithm: "ecdsa", gun: "ünï/app", role: "timestamp" },
    decodeCreateKeyRequest,
  ],
  ["KeyID", encodeKeyId(keyId), { ID: keyId }, decodeKeyId],
  [
    "PublicKey",
    encodeKeyAnswer({ keyId, algorithm: "ecdsa", publicKey: content }),
    { keyInfo: info, publicKey: content },
    decodeKeyAnswer,
  ],
  [
    "GetKeyInfoResponse",
    encodeKeyInfoAnswer({ keyId, algorithm: "ecdsa", publicKey: content, role: "snapshot" }),
    { keyInfo: info, publicKey: content, role: "snapshot" },
    decodeKeyInfoAnswer,
  ],
  [
    "SignatureRequest",
    encodeSignatureRequest({ keyId, content }),
    { keyID: { ID: keyId }, content },
    decodeSignatureRequest,
  ],
  ["SignatureRequest", encodeSignatureRequest({ keyId: undefined, content }), { content }, decodeSignatureRequest],
  ["SignatureRequest", encodeSignatureRequest({ keyId: "", content }), { keyID: {}, content }, decodeSignatureRequest],
  [
    "Signature",
    encodeSignatureAnswer({ keyId, algorithm: "ecdsa", method: "eddsa", content }),
    { keyInfo: info, algorithm: { algorithm: "eddsa" }, content },
    decodeSignatureAnswer,
  ],
  ["Text", encodeHealthRequest(""), { service: "" }, decodeHealthRequest],
  [
    "Text",
    encodeHealthRequest("grpc.health.v1.Health.Signer"),
    { service: "grpc.health.v1.Health.Signer" },
    decodeHealthRequest,
  ],
  ["Number", encodeHealthAnswer(1), { status: 1 }, decodeHealthAnswer],
];

test("every message is what protobufjs writes, and what protobufjs writes reads back as ours", () => {
  for (const [name, ours, theirs, decode] of pairs) {
    const written = service[name]?.requestSerialize(theirs) ?? Buffer.alloc(0);
    // Both read alike: an empty text may be written or left out.
    assert.deepEqual(
      service[name]?.requestDeserialize(Buffer.from(ours)),
      service[name]?.requestDeserialize(written),
      name,
    );
    assert.deepEqual(plain(decode(ours)), plain(decode(written)), name);
  }
});

test("a missing keyID is told from an empty one: the real signer dies of the first", () => {
  assert.equal(decodeSignatureRequest(encodeSignatureRequest({ keyId: undefined, content })).keyId, undefined);
  assert.equal(decodeSignatureRequest(encodeSignatureRequest({ keyId: "", content })).keyId, "");
});

const decoders = pairs.map(([, , , decode]) => decode);

test("malformed messages are coded errors: cut, doubled, of the wrong type, with lying lengths", () => {
  const bad = [
    [0x0a],
    [0x0a, 0x05, 1],
    [0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
    [0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
    [0x0b],
    [0x02, 0x00],
    [0x0a, 0x01, 0x61, 0x0a, 0x01, 0x62],
    [0x08, 0x01],
    [0x0a, 0x01, 0xff],
  ];
  for (const bytes of bad) {
    assert.throws(
      () => decodeKeyId(Uint8Array.from(bytes)),
      (error) => isCountersignError(error, "request.invalid"),
      Buffer.from(bytes).toString("hex"),
    );
  }
  assert.equal(
    decodeKeyId(Uint8Array.from([0x78, 1, 0x7d, 1, 2, 3, 4, 0x7a, 1, 5, 0x0a, 1, 0x61])),
    "a",
    "unknown fields",
  );
});

test("no bytes give anything but a message or a coded error", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(pairs.length - 1), (bytes, index) => {
      const whole = pairs[index]?.[1] ?? new Uint8Array();
      const mutated = Uint8Array.from(whole, (byte, at) => byte ^ (bytes[at] ?? 0));
      for (const decode of decoders) {
        for (const input of [bytes, mutated, whole.subarray(0, bytes.length)]) {
          try {
            decode(input);
          } catch (error) {
            assert.ok(error instanceof CountersignError, String(error));
          }
        }
      }
    }),
    { numRuns: 300 },
  );
});

function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_, member: unknown) => (member instanceof Uint8Array ? [...member] : member)),
  );
}
