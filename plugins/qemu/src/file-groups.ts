import { closeAll, type Descriptor } from "@polyvisor/core";
import type { QemuDomain } from "./domain.js";
import { qemuError } from "./errors.js";

/** Files that a client has opened for a domain's disks. */
export interface FileGroup {
  readonly descriptors: readonly Descriptor[];
  /** The guest may write to them. */
  readonly writable: boolean;
}

interface OwnedGroup extends FileGroup {
  /** The connection that gave them, with which they go. */
  readonly owner: object;
}

/** What is found where no client has associated anything. */
export function noGroup(name: string): never {
  throw qemuError("INVALID_ARG", `file descriptor group '${name}' was not associated with the domain`, {
    hint: "associate it with virDomainFDAssociate, on a connection that stays open until the domain has started",
  });
}

/** The most descriptors that one connection may leave with us. */
const DESCRIPTORS_MAX = 1024;

/** The files that clients have associated with domains, by the names that disks call them by. */
export class FileGroups {
  readonly #groups = new Map<QemuDomain, Map<string, OwnedGroup>>();

  /** Takes the descriptors over. A group of the same name goes. */
  add(domain: QemuDomain, name: string, owner: object, group: FileGroup): void {
    if (this.#heldBy(owner) + group.descriptors.length > DESCRIPTORS_MAX) {
      closeAll(group.descriptors);
      throw qemuError("OPERATION_FAILED", `more than ${DESCRIPTORS_MAX} file descriptors from one connection`, {
        hint: "open another connection, or close this one once its guests have started",
      });
    }
    const groups = this.#groups.get(domain) ?? new Map<string, OwnedGroup>();
    this.#groups.set(domain, groups);
    closeAll(groups.get(name)?.descriptors ?? []);
    groups.set(name, { ...group, owner });
  }

  /** The group of that name, whoever gave it. Fails with `INVALID_ARG` where there is none. */
  find(domain: QemuDomain, name: string): FileGroup {
    return this.peek(domain, name) ?? noGroup(name);
  }

  /** The same, or `undefined` where there is none. */
  peek(domain: QemuDomain, name: string): FileGroup | undefined {
    return this.#groups.get(domain)?.get(name);
  }

  /** The connection is closed: guests that have started keep their own copies. */
  close(owner: object): void {
    for (const [domain, groups] of this.#groups) {
      for (const [name, group] of groups) {
        if (group.owner !== owner) continue;
        closeAll(group.descriptors);
        groups.delete(name);
      }
      if (groups.size === 0) this.#groups.delete(domain);
    }
  }

  #heldBy(owner: object): number {
    let held = 0;
    for (const groups of this.#groups.values())
      for (const group of groups.values()) if (group.owner === owner) held += group.descriptors.length;
    return held;
  }
}
