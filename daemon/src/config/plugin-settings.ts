import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type ConfigurationGiven, VirtError } from "@polyvisor/core";
import { isSetting, parseConfigFile } from "@polyvisor/sdk/conf/config-file";

const SUFFIX = ".conf";

/** What operators have set for plugins, by the plugins' names: the files `plugins/NAME.conf` of a folder of configuration. */
export async function pluginSettings(config: string): Promise<Record<string, ConfigurationGiven>> {
  const folder = join(config, "plugins");
  let files: string[];
  try {
    files = (await readdir(folder)).filter((file) => file.endsWith(SUFFIX) && !file.startsWith("."));
  } catch {
    return {};
  }
  const given = await Promise.all(
    files.map(async (file) => [file.slice(0, -SUFFIX.length), await givenIn(join(folder, file))] as const),
  );
  return Object.fromEntries(given);
}

/** Never rejects: a file with a fault is its plugin's fault alone. */
async function givenIn(file: string): Promise<ConfigurationGiven> {
  try {
    return settingsOf(file, await readFile(file, "utf8"));
  } catch (error) {
    const fault = error instanceof VirtError ? error.detail : (error as Error).message;
    return { file, values: {}, fault };
  }
}

function settingsOf(file: string, text: string): ConfigurationGiven {
  const values: Record<string, unknown> = {};
  const lines: Record<string, number> = {};
  for (const { key, value, line } of parseConfigFile(text, file).filter(isSetting)) {
    const before = lines[key];
    if (before !== undefined)
      return { file, values: {}, fault: `${file}:${line}: ${key} is already set in line ${before}` };
    values[key] = value;
    lines[key] = line;
  }
  return { file, values, lines };
}
