import { type ErrorDomain, VirtError } from "@polyvisor/core";
import type { ObjectReference, ObjectRegistry } from "@polyvisor/sdk/store";

/** What a network and a storage pool have in common: a definition, and what runs of it. Configurations are values. */
export class Definable<C extends ObjectReference> {
  readonly ref: ObjectReference;
  autostart = false;
  #config: C;
  /** What the next start takes, where that is not what runs. */
  #nextConfig: C | undefined;
  #isActive = false;
  #persistent: boolean;

  constructor(config: C, persistent: boolean) {
    this.ref = { name: config.name, uuid: config.uuid };
    this.#config = config;
    this.#persistent = persistent;
  }

  /** The configuration in force. */
  get config(): C {
    return this.#config;
  }

  get definedConfig(): C {
    return this.#nextConfig ?? this.#config;
  }

  get isActive(): boolean {
    return this.#isActive;
  }

  get persistent(): boolean {
    return this.#persistent;
  }

  /** What is running goes on as it is. */
  define(config: C): void {
    this.#persistent = true;
    this.changeDefinition(config);
  }

  changeDefinition(config: C): void {
    if (this.#isActive) this.#nextConfig = config;
    else this.#config = config;
  }

  change(config: C): void {
    if (this.#isActive && this.#persistent) this.#nextConfig ??= this.#config;
    this.#config = config;
  }

  /** `config` is what to run with, once, in place of the definition. */
  start(config?: C): void {
    this.#isActive = true;
    if (config !== undefined) this.change(config);
  }

  stop(): void {
    this.#isActive = false;
    this.#config = this.definedConfig;
    this.#nextConfig = undefined;
  }
}

/** How the objects of one sort are called where a definition is refused. */
export interface ConflictWords {
  readonly what: string;
  readonly from: ErrorDomain;
}

/** The object that a configuration is about, if it is here. Name and UUID both belong to it or to nobody. */
export function namesakeOf<T extends { readonly ref: ObjectReference }>(
  registry: ObjectRegistry<T>,
  { name, uuid }: ObjectReference,
  { what, from }: ConflictWords,
): T | undefined {
  const hint = "choose another name and leave the UUID out";
  const byUuid = registry.byUuid(uuid);
  if (byUuid !== undefined && byUuid.ref.name !== name) {
    const detail = `${what} '${byUuid.ref.name}' is already defined with uuid ${uuid}`;
    throw new VirtError("OPERATION_FAILED", detail, { domain: from, hint });
  }
  const byName = registry.byName(name);
  if (byName !== undefined && byName !== byUuid) {
    const detail = `${what} '${name}' already exists with uuid ${byName.ref.uuid}`;
    throw new VirtError("OPERATION_FAILED", detail, { domain: from, hint });
  }
  return byUuid;
}
