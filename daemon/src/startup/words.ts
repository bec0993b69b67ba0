import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { type PluginStatus, pageOf } from "@polyvisor/core";

const STATE_WORDS: Readonly<Record<PluginStatus["state"], string>> = {
  found: "found",
  enabled: "ok",
  disabled: "disabled",
  inapplicable: "not applicable on this host",
  incompatible: "incompatible",
  broken: "broken",
};

/** The state, what is to be said of it, and where more is said of a fault. */
function stateOf({ state, message, notes, problem }: PluginStatus): string {
  const said = [message === "" ? STATE_WORDS[state] : `${STATE_WORDS[state]}: ${message}`, ...notes];
  const hasFault = state === "broken" || state === "incompatible";
  return [...said, ...(hasFault && problem !== undefined ? [`see ${pageOf(problem)}`] : [])].join("; ");
}

/** The table of `--plugins`. */
export function pluginTable(plugins: readonly PluginStatus[]): string {
  const head = ["PLUGIN", "VERSION", "CONTRACTS", "SCHEMES", "LOADED IN", "STATE"];
  const rows = plugins.map((plugin) => [
    plugin.name,
    plugin.version,
    plugin.contracts.join(","),
    plugin.schemes.join(","),
    plugin.loadTime === undefined ? "" : `${plugin.loadTime.toFixed(1)} ms`,
    stateOf(plugin),
  ]);
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => (row[column] ?? "").length)));
  return [head, ...rows]
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

export interface ReadyDaemon {
  readonly version: string;
  readonly pid: number;
  readonly plugins: readonly PluginStatus[];
  readonly socket: string;
  /** One that leads to something here. */
  readonly uri: string;
  readonly hasVirsh: boolean;
  /** Whether our own client is installed for all; in a source tree npm finds it. */
  readonly hasCli: boolean;
}

/** What the daemon says on stdout once clients can connect: what was found, and how to connect. */
export function readyWords(ready: ReadyDaemon): string {
  const uri = withSocket(ready.uri, ready.socket);
  return [
    `polyvisord ${ready.version} is ready (pid ${ready.pid}), listening on ${ready.socket}`,
    ...(ready.plugins.length === 0 ? ["no plugins found"] : []),
    ...ready.plugins.map((plugin) => `plugin ${plugin.name} ${plugin.version}: ${stateOf(plugin)}`),
    ...(ready.hasVirsh ? [`connect with: virsh -c '${uri}' list --all`] : []),
    `connect with: ${ready.hasCli ? "" : "npx --no-install "}polyvisor -c '${uri}' list --all`,
  ].join("\n");
}

/** The URI by which a client reaches this daemon, whatever its default socket is. */
function withSocket(uri: string, socket: string): string {
  return `${uri.replace(/^([a-z]+):/, "$1+unix:")}?socket=${encodeURI(socket)}`;
}

/** Where npm puts programs for its scripts; the person who reads our words has a shell without it. */
const NPM_FOLDER = join("node_modules", ".bin");

/** Whether a program can be found in `PATH` by whoever started us. */
export async function isInPath(program: string, env: NodeJS.ProcessEnv = process.env): Promise<boolean> {
  for (const folder of (env.PATH ?? "").split(delimiter)) {
    if (folder.endsWith(NPM_FOLDER)) continue;
    try {
      await access(join(folder, program), constants.X_OK);
      return true;
    } catch {
      // Not in this folder.
    }
  }
  return false;
}
