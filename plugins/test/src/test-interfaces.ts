import type { NetworkInterface } from "@polyvisor/core";
import type { HostInterface } from "@polyvisor/sdk/conf/interface";
import { testError } from "./errors.js";

export interface TestInterface {
  readonly config: HostInterface;
  active: boolean;
}

/** The host's network interfaces by name, and what they were before the changes that are being tried. */
export class TestInterfaces {
  #byName: ReadonlyMap<string, TestInterface> = new Map();
  #backup: ReadonlyMap<string, TestInterface> | undefined;

  [Symbol.iterator](): IterableIterator<TestInterface> {
    return this.#byName.values();
  }

  find(name: string): TestInterface {
    const found = this.#byName.get(name);
    if (found !== undefined) return found;
    throw missing(`no interface with matching name '${name}'`);
  }

  findByMac(mac: string): TestInterface {
    const [found, second] = [...this].filter(({ config }) => macOf(config).toLowerCase() === mac.toLowerCase());
    if (second !== undefined) throw testError("MULTIPLE_INTERFACES", "", "look it up by name");
    if (found !== undefined) return found;
    throw missing(`no interface with matching mac '${mac}'`);
  }

  /** An interface that is there stays up or down as it is. */
  define(config: HostInterface): TestInterface {
    const defined = { config, active: this.#byName.get(config.name)?.active ?? false };
    this.#byName = new Map(this.#byName).set(config.name, defined);
    return defined;
  }

  remove(name: string): void {
    const { config } = this.find(name);
    this.#byName = new Map([...this.#byName].filter(([each]) => each !== config.name));
  }

  begin(): void {
    if (this.#backup !== undefined) {
      throw invalid("there is another transaction running.", "end it with `iface-commit` or `iface-rollback`");
    }
    this.#backup = new Map([...this.#byName].map(([name, { ...each }]) => [name, each]));
  }

  commit(): void {
    this.#before("committed");
    this.#backup = undefined;
  }

  rollback(): void {
    this.#byName = this.#before("rollback");
    this.#backup = undefined;
  }

  #before(verb: "committed" | "rollback"): ReadonlyMap<string, TestInterface> {
    if (this.#backup !== undefined) return this.#backup;
    const nothing = verb === "committed" ? "nothing to be committed." : "nothing to rollback.";
    throw invalid(`no transaction running, ${nothing}`, "begin one with `iface-begin`");
  }
}

export function refTo({ config }: TestInterface): NetworkInterface {
  return { name: config.name, mac: macOf(config) };
}

/** Bonds and bridges have the address of one of their own interfaces: their definition has none. */
function macOf(config: HostInterface): string {
  return (config.type === "ethernet" ? config.mac : undefined) ?? "";
}

function missing(detail: string): Error {
  return testError("NO_INTERFACE", detail, "`iface-list --all` shows the interfaces that are here");
}

function invalid(detail: string, hint: string): Error {
  return testError("OPERATION_INVALID", detail, hint);
}
