// The human view of a collection: what its targets are called, which is newest, what changed, who signed and when. Nothing here
// verifies: it is given what the updater found trustworthy. Semantic Versioning 2.0.0.
export { diffTags, type Listed, type TagChange } from "./diff.ts";
export { type Orderable, orderTags } from "./order.ts";
export { type SignedTag, signedTag } from "./signed-tag.ts";
