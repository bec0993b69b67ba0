import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Writes a plugin that provides one contract into the folder `plugins` of a root; `entry` is its code. */
export async function addPlugin(root: string, name: string, contract: string, entry: string): Promise<void> {
  const folder = join(root, "plugins", name);
  await mkdir(folder, { recursive: true });
  const polyvisor = { name, contracts: [contract], entry: "./index.js" };
  await writeFile(join(folder, "package.json"), JSON.stringify({ name, version: "1.0.0", type: "module", polyvisor }));
  await writeFile(join(folder, "index.js"), entry);
}
