// The messages of notary-signer's protocol (package `proto`) and of grpc.health.v1, with their field numbers; notary-v1, section 11.
// What a message leaves out reads as empty, as in the real peers: whether that is allowed is for client and server to say.
import { type Fields, readMessage, writeMessage } from "./protobuf.ts";

export interface CreateKeyRequest {
  readonly algorithm: string;
  readonly gun: string;
  readonly role: string;
}

export interface KeyInfo {
  readonly keyId: string;
  readonly algorithm: string;
}

export interface KeyAnswer extends KeyInfo {
  /** As section 4 writes it: DER SubjectPublicKeyInfo; for ed25519 the bare 32 bytes. */
  readonly publicKey: Uint8Array;
}

export interface KeyInfoAnswer extends KeyAnswer {
  readonly role: string;
}

export interface SignatureRequest {
  /** undefined when the request has no keyID at all, at which the real signer panics. */
  readonly keyId: string | undefined;
  readonly content: Uint8Array;
}

export interface SignatureAnswer extends KeyInfo {
  /** ecdsa, rsapss, eddsa. */
  readonly method: string;
  readonly content: Uint8Array;
}

/** ServingStatus of grpc.health.v1. */
export const servingStatus = { unknown: 0, serving: 1, notServing: 2 } as const;

export function encodeCreateKeyRequest({ algorithm, gun, role }: CreateKeyRequest): Uint8Array {
  return writeMessage([
    [1, algorithm],
    [2, gun],
    [3, role],
  ]);
}

/** @throws request.invalid, as every decode function here */
export function decodeCreateKeyRequest(bytes: Uint8Array): CreateKeyRequest {
  const fields = readMessage(bytes);
  return { algorithm: fields.text(1), gun: fields.text(2), role: fields.text(3) };
}

export function encodeKeyId(keyId: string): Uint8Array {
  return writeMessage([[1, keyId]]);
}

export function decodeKeyId(bytes: Uint8Array): string {
  return readMessage(bytes).text(1);
}

export function encodeKeyAnswer(answer: KeyAnswer): Uint8Array {
  return writeMessage([
    [1, keyInfoFields(answer)],
    [2, answer.publicKey],
  ]);
}

export function decodeKeyAnswer(bytes: Uint8Array): KeyAnswer {
  const fields = readMessage(bytes);
  return { ...keyInfoOf(fields.message(1)), publicKey: fields.bytes(2) };
}

export function encodeKeyInfoAnswer(answer: KeyInfoAnswer): Uint8Array {
  return writeMessage([
    [1, keyInfoFields(answer)],
    [2, answer.publicKey],
    [3, answer.role],
  ]);
}

export function decodeKeyInfoAnswer(bytes: Uint8Array): KeyInfoAnswer {
  const fields = readMessage(bytes);
  return { ...keyInfoOf(fields.message(1)), publicKey: fields.bytes(2), role: fields.text(3) };
}

export function encodeSignatureRequest({ keyId, content }: SignatureRequest): Uint8Array {
  return writeMessage([...(keyId === undefined ? [] : [[1, [[1, keyId]]] as const]), [2, content]]);
}

export function decodeSignatureRequest(bytes: Uint8Array): SignatureRequest {
  const fields = readMessage(bytes);
  return { keyId: fields.message(1)?.text(1), content: fields.bytes(2) };
}

export function encodeSignatureAnswer(answer: SignatureAnswer): Uint8Array {
  return writeMessage([
    [1, keyInfoFields(answer)],
    [2, [[1, answer.method]]],
    [3, answer.content],
  ]);
}

export function decodeSignatureAnswer(bytes: Uint8Array): SignatureAnswer {
  const fields = readMessage(bytes);
  return {
    ...keyInfoOf(fields.message(1)),
    method: fields.message(2)?.text(1) ?? "",
    content: fields.bytes(3),
  };
}

export function encodeHealthRequest(service: string): Uint8Array {
  return writeMessage([[1, service]]);
}

export function decodeHealthRequest(bytes: Uint8Array): string {
  return readMessage(bytes).text(1);
}

export function encodeHealthAnswer(status: number): Uint8Array {
  return writeMessage([[1, status]]);
}

export function decodeHealthAnswer(bytes: Uint8Array): number {
  return readMessage(bytes).integer(1);
}

function keyInfoFields({ keyId, algorithm }: KeyInfo) {
  return [
    [1, [[1, keyId]]],
    [2, [[1, algorithm]]],
  ] as const;
}

function keyInfoOf(fields: Fields | undefined): KeyInfo {
  return { keyId: fields?.message(1)?.text(1) ?? "", algorithm: fields?.message(2)?.text(1) ?? "" };
}
