import { resolve } from "node:path";
import { type PluginRecord, pageOf } from "@polyvisor/core";
import type { Command, Session } from "../command.js";
import { toJson } from "../words/json.js";
import { formatTable } from "../words/table.js";

export const plugins: Command = {
  usage: "plugins",
  description: "Show the daemon's plugins, and how each is",
  options: [
    [
      "--json",
      "Print a JSON array of {name, version, folder, contracts, schemes, state, problem, message, notes, process}; process is " +
        "{state, pid, crashes}, or null for a plugin in the daemon's own",
    ],
  ],
  async run(session, _, { json }) {
    const all = await (await session.connection()).api.connectListAllPlugins({ flags: 0 });
    session.print(json ? toJson(all) : tableOf(all));
  },
};

export const pluginEnable: Command = {
  usage: "plugin-enable <name>",
  description: "Let a plugin take part that was disabled or is broken",
  async run(session, [name = ""]) {
    await (await session.connection()).api.connectEnablePlugin({ name, flags: 0 });
    session.print(`Plugin '${name}' enabled: ${await inUse(session, name)}`);
  },
};

export const pluginDisable: Command = {
  usage: "plugin-disable <name>",
  description: "Take a plugin out until it is enabled or the daemon restarted; its guests run on",
  async run(session, [name = ""]) {
    await (await session.connection()).api.connectDisablePlugin({ name, flags: 0 });
    session.print(`Plugin '${name}' disabled`);
  },
};

export const pluginReplace: Command = {
  usage: "plugin-replace <name> [folder]",
  description: "Go on with another version of a plugin, or with what now is in its folder; its guests run on",
  async run(session, [name = "", folder]) {
    const place = folder === undefined || folder === "undefined" ? null : resolve(folder);
    await (await session.connection()).api.connectReplacePlugin({ name, folder: place, flags: 0 });
    session.print(`Plugin '${name}' replaced: ${await inUse(session, name)}`);
  },
};

/** The connection of the command may have been the plugin's own, and is lost then. */
async function inUse(session: Session, name: string): Promise<string> {
  try {
    const all = await (await session.connection()).api.connectListAllPlugins({ flags: 0 });
    const found = all.find((plugin) => plugin.name === name);
    return found === undefined ? "it is gone" : `${found.version}, ${stateOf(found)}`;
  } catch {
    return "polyvisor plugins shows how it is";
  }
}

function stateOf({ state, message, notes, problem, process }: PluginRecord): string {
  const hasFault = state === "broken" || state === "incompatible";
  const said = [
    message === "" ? state : `${state}: ${message}`,
    ...notes,
    ...(hasFault && problem !== "" ? [`see ${pageOf(problem)}`] : []),
  ];
  if (process === null) return said.join("; ");
  const crashes = process.crashes === 0 ? "" : `, ended ${process.crashes} times by itself`;
  return [...said, `process ${process.pid === 0n ? "" : `${process.pid} `}${process.state}${crashes}`].join("; ");
}

function tableOf(all: readonly PluginRecord[]): string {
  const rows = all.map((plugin) => [
    plugin.name,
    plugin.version,
    plugin.contracts.join(","),
    plugin.schemes.join(","),
    stateOf(plugin),
  ]);
  return formatTable(["Plugin", "Version", "Contracts", "Schemes", "State"], rows);
}
