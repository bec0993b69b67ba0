import type { CapabilitiesCache } from "./capabilities/cache.js";
import type { ConfFolders } from "./conf/index.js";
import type { ConfigurationReader } from "./configuration.js";
import type { DefinitionReader } from "./state/definitions.js";

type Reader = ConfigurationReader;

/**
 * What turns documents into configurations and back. Its code is the largest part of the driver, and is loaded with the first
 * document: a daemon that only lists domains has looked at none.
 */
export class Configurations implements DefinitionReader {
  readonly #parts: readonly [CapabilitiesCache, ConfFolders];
  #loading: Promise<Reader> | undefined;

  constructor(...parts: readonly [CapabilitiesCache, ConfFolders]) {
    this.#parts = parts;
  }

  async read(...args: Parameters<Reader["read"]>) {
    return (await this.#reader()).read(...args);
  }

  async readStored(...args: Parameters<Reader["readStored"]>) {
    return (await this.#reader()).readStored(...args);
  }

  async readMeasured(...args: Parameters<Reader["readMeasured"]>) {
    return (await this.#reader()).readMeasured(...args);
  }

  async readLive(...args: Parameters<Reader["readLive"]>) {
    return (await this.#reader()).readLive(...args);
  }

  async forStart(...args: Parameters<Reader["forStart"]>) {
    return (await this.#reader()).forStart(...args);
  }

  async readDevice(...args: Parameters<Reader["readDevice"]>) {
    return (await this.#reader()).readDevice(...args);
  }

  async completed(...args: Parameters<Reader["completed"]>) {
    return (await this.#reader()).completed(...args);
  }

  async withHostCpu(...args: Parameters<Reader["withHostCpu"]>) {
    return (await this.#reader()).withHostCpu(...args);
  }

  async format(...args: Parameters<Reader["format"]>) {
    return (await this.#reader()).format(...args);
  }

  #reader(): Promise<Reader> {
    this.#loading ??= this.#load();
    return this.#loading;
  }

  async #load(): Promise<Reader> {
    try {
      return new (await import("./configuration.js")).ConfigurationReader(...this.#parts);
    } catch (error) {
      this.#loading = undefined;
      throw error;
    }
  }
}
