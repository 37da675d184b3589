// The published package.json, made from the repository's: the same name, version, doors and dependencies, without scripts, without
// the development tools and without the Node that the repository brings for itself.

export interface Door {
  /** The subpath users import: ".", "./keys". */
  readonly subpath: string;
  readonly source: string;
}

export interface Published {
  readonly doors: readonly Door[];
  readonly manifest: Readonly<Record<string, unknown>>;
}

const kept = [
  "name",
  "version",
  "description",
  "keywords",
  "license",
  "homepage",
  "repository",
  "bugs",
  "type",
] as const;

/** Throws when the repository's package.json is not shaped as expected; `bin` is the program's path in the package. */
export function publishedManifest(source: unknown, bin: string): Published {
  const from = record(source, "package.json");
  const doors = Object.entries(record(from.exports, "exports")).map(([subpath, path]) => {
    if (typeof path !== "string" || !/^\.\/src\/.*\.ts$/.test(path))
      throw new Error(`exports: ${subpath} is no source file`);
    return { subpath, source: path.slice(2) };
  });
  const exports = doors.map(({ subpath, source: path }) => {
    const built = `./${path.slice("src/".length, -".ts".length)}`;
    return [subpath, { types: `${built}.d.ts`, default: `${built}.js` }] as const;
  });
  return {
    doors,
    manifest: {
      ...Object.fromEntries(kept.filter((name) => name in from).map((name) => [name, from[name]])),
      engines: from.engines,
      bin: { countersign: bin, "countersign-tuf-client": "bin/countersign-tuf-client.cjs" },
      exports: { ...Object.fromEntries(exports), "./package.json": "./package.json" },
      // For users' bundlers: importing a door does nothing by itself; the program does.
      sideEffects: ["./bin/*.cjs"],
      dependencies: record(from.dependencies, "dependencies"),
    },
  };
}

function record(value: unknown, name: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Error(`${name}: not an object`);
  return Object.fromEntries(Object.entries(value));
}
