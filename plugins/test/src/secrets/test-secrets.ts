import { SECRET_EVENT, type Secret as SecretReference, VirtError } from "@polyvisor/core";
import type { Secret } from "@polyvisor/sdk/conf/secret";
import type { ObjectEventHub } from "@polyvisor/sdk/events";

/** What a secret is for (`virSecretUsageType`). */
const USAGE_TYPES = ["none", "volume", "ceph", "iscsi", "tls", "vtpm"] as const;

/** A secret: what it is for, and its value once it has one. */
export interface TestSecret {
  readonly config: Secret;
  readonly value: Uint8Array | undefined;
}

/** The secrets of one node. */
export class TestSecrets {
  readonly #byUuid = new Map<string, TestSecret>();
  readonly #events: ObjectEventHub;

  constructor(events: ObjectEventHub) {
    this.#events = events;
  }

  [Symbol.iterator](): IterableIterator<TestSecret> {
    return this.#byUuid.values();
  }

  find(uuid: string): TestSecret {
    const found = this.#byUuid.get(uuid);
    if (found !== undefined) return found;
    throw missing(`no secret with matching uuid '${uuid}'`);
  }

  findByUsage(type: number, id: string): TestSecret {
    const found = this.#usedFor(type, id);
    if (found !== undefined) return found;
    throw missing(`no secret with matching usage '${id}'`);
  }

  /** A value that is there stays. */
  define(config: Secret): SecretReference {
    const { uuid } = config;
    const known = this.#byUuid.get(uuid);
    const { usageType, usageID } = referenceTo(config);
    if (known !== undefined) checkRedefinition(known.config, config);
    else {
      const rival = this.#usedFor(usageType, usageID);
      if (rival !== undefined && usageType !== 0) {
        const detail = `a secret with UUID ${rival.config.uuid} already defined for use with ${usageID}`;
        throw conflict(detail, "change that one, or undefine it");
      }
    }
    this.#byUuid.set(uuid, { config, value: known?.value });
    this.#tell(config, SECRET_EVENT.DEFINED);
    return referenceTo(config);
  }

  setValue(uuid: string, value: Uint8Array): void {
    const { config } = this.find(uuid);
    // the arguments of a call live in a buffer that is used again
    this.#byUuid.set(uuid, { config, value: Uint8Array.from(value) });
    this.#events.emit({ kind: "secretValueChanged", object: referenceTo(config) });
  }

  remove(uuid: string): void {
    const { config } = this.find(uuid);
    this.#byUuid.delete(uuid);
    this.#tell(config, SECRET_EVENT.UNDEFINED);
  }

  #usedFor(type: number, id: string): TestSecret | undefined {
    return [...this].find(({ config }) => {
      const { usageType, usageID } = referenceTo(config);
      return usageType === type && usageID === id;
    });
  }

  #tell(config: Secret, event: number): void {
    this.#events.emit({ kind: "secretLifecycle", object: referenceTo(config), event, detail: 0 });
  }
}

export function referenceTo({ uuid, usage }: Secret): SecretReference {
  if (usage === undefined) return { uuid, usageType: 0, usageID: "" };
  const usageType = USAGE_TYPES.indexOf(usage.type);
  const usageID = usage.type === "volume" ? usage.volume : usage.type === "iscsi" ? usage.target : usage.name;
  return { uuid, usageType, usageID };
}

function checkRedefinition(before: Secret, after: Secret): void {
  const { uuid, usageID } = referenceTo(before);
  if (usageID !== referenceTo(after).usageID) {
    throw conflict(`a secret with UUID ${uuid} is already defined for use with ${usageID}`, "leave the UUID out");
  }
  if (before.private && !after.private) {
    throw conflict("cannot change private flag on existing secret", "undefine the secret first");
  }
}

function conflict(detail: string, hint: string): VirtError {
  return new VirtError("INTERNAL_ERROR", detail, { domain: "SECRET", hint });
}

function missing(detail: string): VirtError {
  return new VirtError("NO_SECRET", detail, {
    domain: "SECRET",
    hint: "`secret-list` shows the secrets that are here",
  });
}
