// The human view of a collection: what its targets are called, which is newest, who signed and when. Nothing here
// verifies: it is given what the updater found trustworthy. Semantic Versioning 2.0.0.
export { type Orderable, orderTags } from "./order.ts";
export { type SignedTag, signedTag } from "./signed-tag.ts";
