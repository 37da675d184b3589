// Collections of files: finding and hashing them, signing them in the role that readers ask for their names, laying them out in hashed
// bins, and writing the whole collection as a tree that any web server can serve. Refuses names that are no safe relative path and
// files that change while they are read. TUF specification 1.0.34, sections 3, 4.5, 5.7 and 6; docs/collections.md.
export { type CheckReport, type CheckRequest, checkTree } from "./check-tree.ts";
export { type AddFilesRequest, addFiles, type FilesReport, removeFiles } from "./edit-files.ts";
export type { ExportedArtifacts } from "./export-artifacts.ts";
export { type ExportReport, type ExportRequest, exportTree } from "./export-tree.ts";
export { findFiles, namesAlike, safeName, type TreeFile, type TreeOptions } from "./file-tree.ts";
export { type HashedFile, type HashOptions, hashFiles } from "./hash-files.ts";
export { type LayOutReport, type LayOutRequest, layOut } from "./lay-out.ts";
