import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

const OWN = new URL("../../package.json", import.meta.url);
const ENTRY = new URL("./recorded-driver.js", import.meta.url);

/** Makes a plugin that is this one on a recording host, below a folder; resolves with its path. */
export async function makeRecordedPlugin(parent: string): Promise<string> {
  const folder = join(parent, "recorded-bhyve");
  await mkdir(folder, { recursive: true });
  const manifest = JSON.parse(await readFile(OWN, "utf8"));
  const own = { ...manifest, polyvisor: { ...manifest.polyvisor, entry: "./index.js" } };
  await writeFile(join(folder, "package.json"), JSON.stringify(own));
  await writeFile(join(folder, "index.js"), `export { default } from ${JSON.stringify(ENTRY.href)};\n`);
  return folder;
}
