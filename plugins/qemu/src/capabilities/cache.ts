import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { makeFolders, writeFileAtomic } from "@polyvisor/sdk/store";
import { type EmulatorIdentity, identify, sameIdentity } from "./identity.js";
import type { QemuCapabilities } from "./model.js";

/** Raised when the probe learns something new, so that files of older versions are not believed. */
const FORMAT = 3;

interface CacheFile {
  readonly format: number;
  readonly identity: EmulatorIdentity;
  readonly capabilities: QemuCapabilities;
}

interface Entry {
  readonly identity: EmulatorIdentity;
  readonly capabilities: Promise<QemuCapabilities>;
}

/**
 * The capabilities of each emulator, in memory and as files, each probed again only when it is another binary than before.
 *
 * One per driver. Callers that ask for the same emulator at the same time share one probe.
 */
export class CapabilitiesCache {
  readonly #entries = new Map<string, Entry>();
  readonly #folder: string;
  readonly #probe: (emulator: string) => Promise<QemuCapabilities>;

  /** `folder`: where the files go, created when needed. */
  constructor(folder: string, probe: (emulator: string) => Promise<QemuCapabilities> = probeOnce) {
    this.#folder = folder;
    this.#probe = probe;
  }

  /** `emulator` is an absolute path. Throws SYSTEM_ERROR when it is not there, INTERNAL_ERROR when it does not answer. */
  async lookup(emulator: string): Promise<QemuCapabilities> {
    const identity = await identify(emulator);
    const known = this.#entries.get(emulator);
    if (known !== undefined && sameIdentity(known.identity, identity)) return known.capabilities;
    const entry: Entry = { identity, capabilities: this.#load(identity) };
    this.#entries.set(emulator, entry);
    try {
      return await entry.capabilities;
    } catch (error) {
      if (this.#entries.get(emulator) === entry) this.#entries.delete(emulator);
      throw error;
    }
  }

  /** What was last looked up, without a look at the disk: for callers that cannot wait, after a `lookup`. */
  peek(emulator: string): Promise<QemuCapabilities> | undefined {
    return this.#entries.get(emulator)?.capabilities;
  }

  async #load(identity: EmulatorIdentity): Promise<QemuCapabilities> {
    const { createHash } = await import("node:crypto");
    const path = join(this.#folder, `${createHash("sha256").update(identity.path).digest("hex")}.json`);
    const stored = await readCacheFile(path);
    if (stored?.format === FORMAT && sameIdentity(stored.identity, identity)) return stored.capabilities;
    const capabilities = await this.#probe(identity.path);
    const file: CacheFile = { format: FORMAT, identity, capabilities };
    // A cache that cannot be written costs a probe at the next start, nothing else.
    await makeFolders(this.#folder)
      .then(() => writeFileAtomic(path, JSON.stringify(file), 0o600))
      .catch(() => {});
    return capabilities;
  }
}

/** Most emulators have been probed before: the code that does it is seldom needed. */
async function probeOnce(emulator: string): Promise<QemuCapabilities> {
  return (await import("./probe.js")).probeEmulator(emulator);
}

async function readCacheFile(path: string): Promise<CacheFile | undefined> {
  try {
    const file = JSON.parse(await readFile(path, "utf8")) as CacheFile;
    return typeof file.identity === "object" && typeof file.capabilities === "object" ? file : undefined;
  } catch {
    return undefined;
  }
}
