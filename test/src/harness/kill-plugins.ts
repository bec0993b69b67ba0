import { readFile } from "node:fs/promises";

/** What the process of an isolated plugin runs. */
const PLUGIN_PROGRAM = "bin/polyvisor-plugin.js";

/** Kills the processes of a daemon's plugins, in the midst of whatever they do. Throws where there is none. */
export async function killPlugins(daemon: number): Promise<void> {
  const children = (await readFile(`/proc/${daemon}/task/${daemon}/children`, "utf8")).trim().split(" ");
  const commands = await Promise.all(children.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")));
  const plugins = children.filter((_, index) => commands[index]?.includes(PLUGIN_PROGRAM));
  if (plugins.length === 0) throw new Error("the daemon has no process of a plugin");
  for (const pid of plugins) process.kill(Number(pid), "SIGKILL");
}
