import { appendFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Where a plugin in a test's folder finds what every plugin finds beside itself. */
const CORE = import.meta.resolve("@polyvisor/core");
const TSYRINGE = import.meta.resolve("tsyringe");

/** Writes the package of a plugin that comes from elsewhere than @polyvisor, and gives its folder. */
export async function writePlugin(
  folder: string,
  { name, version = "1.0.0", ...section }: { name: string; version?: string } & Record<string, unknown>,
  entry: string,
): Promise<string> {
  await mkdir(folder, { recursive: true });
  const polyvisor = { name, entry: "./index.js", ...section };
  await writeFile(join(folder, "package.json"), JSON.stringify({ name, version, type: "module", polyvisor }));
  const imports = `import { inject } from "${TSYRINGE}";\nimport * as core from "${CORE}";\n`;
  await writeFile(join(folder, "index.js"), imports + entry);
  return folder;
}

/**
 * A hypervisor with nothing but ways to misbehave: what it is asked for by name, it does. It notes in files beside itself how
 * often it was started and what was cancelled, and does not start where a file `doomed` is.
 */
const NAUGHTY = `
import { appendFileSync, existsSync } from "node:fs";
const here = (file) => new URL(file, import.meta.url);
const never = new Promise(() => {});
const listeners = new Set();
const hoard = [];
const uuid = "00000000-0000-4000-8000-000000000001";
const ways = {
  exit: () => process.exit(7),
  loop: () => { for (;;); },
  leak: () => { setInterval(() => hoard.push(Buffer.alloc(1 << 24, 1)), 20); return never; },
  reject: () => { Promise.reject(new Error("nobody looked")); return never; },
  throw: () => { setImmediate(() => { throw new TypeError("nobody caught it"); }); return never; },
  slow: (signal) => new Promise((_, fail) => {
    signal.addEventListener("abort", () => { appendFileSync(here("cancelled"), "."); fail(new Error("cancelled")); });
  }),
  event: () => { for (const listener of listeners) listener({ kind: "lifecycle", dom: { name: "x", uuid, id: 1 }, event: 4, detail: 0 }); },
};
class Naughty {
  start() {
    appendFileSync(here("starts"), ".");
    if (existsSync(here("doomed"))) process.exit(9);
  }
  open(_, { log }) {
    return {
      uri: "naughty:///system",
      resolveDomain: (dom) => dom,
      events: { subscribe(_kind, _dom, listener) { listeners.add(listener); return () => listeners.delete(listener); } },
      connectGetHostname: () => VERSION,
      async domainLookupByName({ name }, { signal, identity, readOnly }) {
        log.info({ name }, "asked");
        await ways[name]?.(signal);
        if (name === "unknown") throw new core.VirtError("NO_DOMAIN", "no domain with matching name 'unknown'", { hint: "be nice" });
        return { name: JSON.stringify({ ...identity, readOnly }), uuid, id: -1 };
      },
      close() {},
    };
  }
}
export default { "hypervisor.v1": Naughty };
`;

/** The naughty plugin on disk. */
export class NaughtyPlugin {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async write(folder: string, version = "1.0.0"): Promise<NaughtyPlugin> {
    const section = { name: "naughty", version, contracts: ["hypervisor.v1"], schemes: ["naughty"], stateful: true };
    await writePlugin(folder, section, `const VERSION = "${version}";\n${NAUGHTY}`);
    return new NaughtyPlugin(folder);
  }

  /** How often a driver of it was told to start. */
  async starts(): Promise<number> {
    return (await this.#read("starts")).length;
  }

  /** How many calls heard that they are cancelled. */
  async cancelled(): Promise<number> {
    return (await this.#read("cancelled")).length;
  }

  /** From now on it ends whenever it starts. */
  async doom(): Promise<void> {
    await appendFile(join(this.folder, "doomed"), "");
  }

  #read(file: string): Promise<string> {
    return readFile(join(this.folder, file), "utf8").catch(() => "");
  }
}
