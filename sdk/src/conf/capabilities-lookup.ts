import { VirtError } from "@polyvisor/core";
import type { Capabilities, GuestCapability, GuestDomainCapability } from "./capabilities.js";
import type { VirtType } from "./domain/model/index.js";

/** What a configuration asks of a host; what is left out may be anything. */
export interface GuestWish {
  readonly osType?: string | undefined;
  readonly arch?: string | undefined;
  readonly type?: VirtType | undefined;
  readonly emulator?: string | undefined;
  readonly machine?: string | undefined;
}

export interface GuestMatch {
  readonly guest: GuestCapability;
  readonly domain: GuestDomainCapability;
  readonly emulator: string | undefined;
  readonly machine: string | undefined;
}

/** The first guest that the host can run and that fits, the host's own architecture before others; undefined when none does. */
export function findGuest(capabilities: Capabilities, wish: GuestWish): GuestMatch | undefined {
  const own = wish.arch === undefined ? match(capabilities, { ...wish, arch: capabilities.host.arch }) : undefined;
  return own ?? match(capabilities, wish);
}

/** The same, and throws `INVALID_ARG` in libvirt's words when none does. */
export function requireGuest(capabilities: Capabilities, wish: GuestWish): GuestMatch {
  const found = findGuest(capabilities, wish);
  if (found !== undefined) return found;
  const wanted = [
    // libvirt does not name the most common one
    wish.osType === undefined || wish.osType === "hvm" ? "" : `ostype=${wish.osType} `,
    wish.arch === undefined ? "" : `arch=${wish.arch} `,
    wish.type === undefined ? "" : `domaintype=${wish.type} `,
    wish.emulator === undefined ? "" : `emulator=${wish.emulator} `,
    wish.machine === undefined ? "" : `machine=${wish.machine} `,
  ].join("");
  throw new VirtError(
    "INVALID_ARG",
    `could not find capabilities for ${wanted === "" ? "any configuration" : wanted}`,
    {
      domain: "CAPABILITIES",
      hint: `This host has: ${capabilities.guests.map(describe).join("; ") || "nothing"}.`,
    },
  );
}

function describe({ osType, arch, domains }: GuestCapability): string {
  return `${osType} ${arch} ${domains.map(({ type }) => type).join(", ")}`;
}

function match(capabilities: Capabilities, wish: GuestWish): GuestMatch | undefined {
  const fits = <T>(wanted: T | undefined, value: T): boolean => wanted === undefined || wanted === value;
  for (const guest of capabilities.guests) {
    if (!fits(wish.osType, guest.osType) || !fits(wish.arch, guest.arch)) continue;
    for (const domain of guest.domains) {
      const emulator = domain.emulator ?? guest.emulator;
      if (!fits(wish.type, domain.type) || !fits(wish.emulator, emulator)) continue;
      const machines = domain.machines?.length ? domain.machines : (guest.machines ?? []);
      const machine = machines.find(({ name, canonical }) => fits(wish.machine, name) || wish.machine === canonical);
      if (machine !== undefined || machines.length === 0) return { guest, domain, emulator, machine: machine?.name };
    }
  }
  return undefined;
}
