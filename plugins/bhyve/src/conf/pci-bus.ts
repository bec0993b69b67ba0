import { VirtError } from "@polyvisor/core";
import type { PciAddress } from "@polyvisor/sdk/conf/domain";

/** The first slot is the host bridge's. */
const FIRST_SLOT = 1;
const LAST_SLOT = 31;
const LAST_FUNCTION = 7;

/** The one PCI bus of a guest while its devices get their places. */
export class PciBus {
  /** The functions that are taken of each slot. */
  readonly #slots = new Map<number, Set<number>>();

  /** Takes a place that the configuration names. */
  reserve(address: PciAddress): void {
    checkPlace(address);
    const functions = this.#slots.get(address.slot) ?? new Set<number>();
    if (functions.has(address.function)) refuse(`Attempted double use of PCI Address ${pciText(address)}`);
    this.#slots.set(address.slot, functions.add(address.function));
  }

  /** Takes the slot and gives back its place, unless somebody has it. */
  reserveSlot(slot: number): PciAddress | undefined {
    if (this.#slots.has(slot)) return undefined;
    const address: PciAddress = { type: "pci", domain: 0, bus: 0, slot, function: 0 };
    this.reserve(address);
    return address;
  }

  /** Takes the lowest slot that is free. */
  reserveNext(): PciAddress {
    for (let slot = FIRST_SLOT; slot <= LAST_SLOT; slot++) {
      const address = this.reserveSlot(slot);
      if (address !== undefined) return address;
    }
    throw new VirtError("INTERNAL_ERROR", "No more available PCI slots", {
      domain: "DOMAIN",
      hint: `a guest of bhyve has ${LAST_SLOT} slots: put several disks on one SATA controller, or remove devices`,
    });
  }
}

function checkPlace(address: PciAddress): void {
  const bad = (why: string) => refuse(`Invalid PCI address ${pciText(address)}. ${why}`);
  if (address.domain !== 0) bad("Only PCI domain 0 is available");
  if (address.bus !== 0) bad("Only PCI buses up to 0 are available");
  if (address.slot < FIRST_SLOT) bad(`slot must be >= ${FIRST_SLOT}`);
  if (address.slot > LAST_SLOT) bad(`slot must be <= ${LAST_SLOT}`);
  if (address.function > LAST_FUNCTION) bad(`function must be <= ${LAST_FUNCTION}`);
}

function refuse(detail: string): never {
  throw new VirtError("XML_ERROR", detail, { domain: "DOMAIN", hint: "leave the address out, and one is chosen" });
}

function pciText(address: PciAddress): string {
  const hex = (value: number, width: number) => value.toString(16).padStart(width, "0");
  return `${hex(address.domain, 4)}:${hex(address.bus, 2)}:${hex(address.slot, 2)}.${address.function}`;
}
