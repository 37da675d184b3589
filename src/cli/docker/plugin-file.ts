// The file that docker takes for a plugin: a few lines of shell that call this program by its full path. It bears a mark, so that nothing
// but our own file is ever replaced or removed.
import type { PluginName } from "./plugin.ts";

const mark =
  "# A plugin of docker's by countersign: `countersign docker install` wrote it, `countersign docker uninstall` removes it.";

/** `node` and `program`: absolute paths. A Node that has moved since is looked for in PATH. */
export function pluginFile(
  name: PluginName,
  { node, program }: { readonly node: string; readonly program: string },
): string {
  return [
    "#!/bin/sh",
    mark,
    `node=${quoted(node)}`,
    '[ -x "$node" ] || node=node',
    `exec "$node" ${quoted(program)} docker-plugin ${name} "$@"`,
    "",
  ].join("\n");
}

export function isOurPlugin(text: string): boolean {
  return text.split("\n", 2)[1] === mark;
}

/** For the shell, whatever the path holds. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
