// Content trust in docker's ways: what `docker trust` calls signers, releases and the repository key, on top of the flows. It works in
// docker's own trust directory, in place and in its format, so that both tools can take turns; it prints nothing, asks nothing, and
// needs no engine: what is signed is what the registry has. Notary v1 sections 5, 9.4, 13 and 15.
export { type DockerImage, parseDockerImage } from "./docker-image.ts";
export { generateSignerKey, loadSignerKey, parseKeyName } from "./key-files.ts";
export { naturalOrder } from "./natural-order.ts";
export { type DockerTrustOptions, openRepository, type Repository } from "./repository.ts";
export { type Revocation, revokeTags } from "./revoke-tags.ts";
export { type ImageSignature, signImage } from "./sign-image.ts";
export { addSigner, ownSigner, parseSignerName, planRemoval, type Removal, removeSigner } from "./signers.ts";
export { startRepository } from "./start-repository.ts";
export { dockerDirectory, dockerTrustServer } from "./surroundings.ts";
export { readTrustData, type SignedTag, type Signer, type TrustData } from "./trust-data.ts";
