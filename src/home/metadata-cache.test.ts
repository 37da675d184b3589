// The disk cache keeps the contract of every cache.
import { parseGun } from "../bytes/index.ts";
import { metadataCacheContract, temporaryDirectory } from "../testing/index.ts";
import { openMetadataCache } from "./metadata-cache.ts";

const gun = parseGun("registry.example.com:5000/team/app");

for (const dialect of ["notary1", "tuf1"] as const) {
  metadataCacheContract(`on disk, ${dialect}`, async () => {
    const directory = await temporaryDirectory();
    return {
      cache: openMetadataCache(directory.path, gun, dialect),
      reopen: async () => openMetadataCache(directory.path, gun, dialect),
      [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
    };
  });
}
