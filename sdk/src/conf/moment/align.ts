import { type ErrorDomain, VirtError } from "@polyvisor/core";
import type { Disk, Domain } from "../domain/model/index.js";
import { findDisk } from "./disks.js";

/** What a request for one disk has in every kind of document. */
interface NamedDisk {
  readonly name: string;
}

/** An error of a request that does not fit the domain. */
export function misfit(domain: ErrorDomain, detail: string, hint?: string): VirtError {
  return new VirtError("CONFIG_UNSUPPORTED", detail, hint === undefined ? { domain } : { domain, hint });
}

/**
 * Requests by the target of the disk that each is for; targets take the place of paths.
 *
 * `complete` fills what a request leaves open, and refuses what the disk cannot do.
 */
export function matchDisks<T extends NamedDisk>(
  requests: readonly T[],
  domain: Domain,
  errorDomain: ErrorDomain,
  complete: (request: T, disk: Disk) => T,
): Map<string, T> {
  const matched = new Map<string, T>();
  for (const request of requests) {
    const disk = findDisk(domain, request.name);
    if (disk === undefined) {
      const targets = domain.devices.disks.map((each) => each.target.dev).join(", ");
      throw misfit(errorDomain, `no disk named '${request.name}'`, `The domain has ${targets || "no disks"}.`);
    }
    const { dev } = disk.target;
    if (matched.has(dev)) throw misfit(errorDomain, `disk '${request.name}' specified twice`, "Name each disk once.");
    matched.set(dev, { ...complete(request, disk), name: dev });
  }
  return matched;
}
