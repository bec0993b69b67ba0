import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of this package: its dependencies hold the plugin that reaches daemons. */
export const PACKAGE_FOLDER = fileURLToPath(new URL("..", import.meta.url));

export async function packageVersion(): Promise<string> {
  return (JSON.parse(await readFile(join(PACKAGE_FOLDER, "package.json"), "utf8")) as { version: string }).version;
}
