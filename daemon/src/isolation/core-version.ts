import { readFile } from "node:fs/promises";

/** The version of the core that this process has loaded. */
export async function coreVersion(): Promise<string> {
  const path = new URL("../package.json", import.meta.resolve("@polyvisor/core"));
  return (JSON.parse(await readFile(path, "utf8")) as { version: string }).version;
}
