// notary-signer's protocol, both ends: a client for the server's signing port, and the signer itself with its keys at rest. A secret
// never leaves the signer, and no answer of a signer is believed before it is checked. Notary v1, sections 4, 10 and 11.
export { defaultSignerPort } from "./protocol.ts";
