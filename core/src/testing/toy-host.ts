import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHost } from "../host/host.js";
import { rootPaths } from "../host/paths.js";
import type { Host, HostOptions } from "../index.js";

/** A plugin in one file: the class behind each contract, as a text of JavaScript. */
export interface ToyPlugin {
  readonly contracts: readonly string[];
  readonly schemes?: readonly string[];
  readonly stateful?: boolean;
  /** What the module exports, such as `{ "lock.v1": class { ... } }`. */
  readonly code: string;
  /** What the module imports and declares before that. */
  readonly before?: string;
}

interface Test {
  teardown(end: () => Promise<void>): void;
}

/** A host of toy plugins alone, in the order of their names. It closes with the test. */
export async function toyHost(
  t: Test,
  plugins: Readonly<Record<string, ToyPlugin>>,
  options: HostOptions = {},
): Promise<Host> {
  const folder = await mkdtemp(join(tmpdir(), "polyvisor-toys-"));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  for (const [name, { code, before = "", ...section }] of Object.entries(plugins)) {
    const polyvisor = { name, entry: "./index.js", ...section };
    await mkdir(join(folder, name));
    await writeFile(
      join(folder, name, "package.json"),
      JSON.stringify({ name, version: "1.2.3", type: "module", polyvisor }),
    );
    await writeFile(join(folder, name, "index.js"), `${before}\nexport default ${code};\n`);
  }
  const host = await createHost({ mode: "system", pluginFolders: [folder], paths: rootPaths(folder), ...options });
  t.teardown(() => host.close());
  return host;
}
