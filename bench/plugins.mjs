// Plugins that are installed and that nobody uses: packages as an author would make them.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** How many plugins a host with many has. */
export const UNUSED_PLUGINS = 30;

/** Writes the packages; the code of each would end the daemon, were it read. */
export async function writePlugins(folder, count = UNUSED_PLUGINS) {
  for (let number = 0; number < count; number++) {
    const name = `unused${number}`;
    const polyvisor = { name, contracts: ["hypervisor.v1"], schemes: [name], entry: "./index.js" };
    const json = { name, version: "1.0.0", type: "module", peerDependencies: { "@polyvisor/core": "*" }, polyvisor };
    await mkdir(join(folder, name), { recursive: true });
    await writeFile(join(folder, name, "package.json"), JSON.stringify(json));
    await writeFile(join(folder, name, "index.js"), "process.exit(99);\n");
  }
}
