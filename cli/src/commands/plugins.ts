import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { createHost, type PluginStatus } from "@polyvisor/core";
import type { Command } from "../command.js";
import { PACKAGE_FOLDER } from "../package.js";
import { toJson } from "../words/json.js";
import { formatTable } from "../words/table.js";

export const plugins: Command = {
  usage: "plugins",
  description: "Show the plugins of the daemon that is installed here, and how each is",
  options: [["--json", "Print a JSON array"]],
  async run(session, _, { json }) {
    await using host = await createHost({ dependenciesOf: daemonFolder() ?? PACKAGE_FOLDER });
    const found = await host.probe();
    session.print(json ? toJson(found) : tableOf(found));
  },
};

/** Where the daemon's package lies, whose dependencies are its plugins; `undefined` where it is not installed. */
function daemonFolder(): string | undefined {
  try {
    return dirname(dirname(fileURLToPath(import.meta.resolve("@polyvisor/daemon"))));
  } catch {
    return undefined;
  }
}

function tableOf(found: readonly PluginStatus[]): string {
  const rows = found.map(({ name, version, schemes, contracts, state, message }) => [
    name,
    version,
    contracts.join(","),
    schemes.join(","),
    message === "" ? state : `${state}: ${message}`,
  ]);
  return formatTable(["Plugin", "Version", "Contracts", "Schemes", "State"], rows);
}
