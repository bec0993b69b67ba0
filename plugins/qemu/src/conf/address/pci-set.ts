import { type ErrorName, VirtError } from "@polyvisor/core";
import type { PciAddress, PciControllerModel } from "@polyvisor/sdk/conf";
import { type Connect, type ConnectKind, PciBus } from "./pci-bus.js";

export interface PciPlace {
  readonly bus: number;
  readonly slot: number;
  readonly function: number;
}

/**
 * All PCI buses of a guest while places are chosen.
 *
 * With `grow` a bus that is missing is made up (with the controllers that lead to it); libvirt first assigns everything
 * so, to learn which controllers a guest needs, then adds them and assigns again without.
 */
export class PciAddressSet {
  readonly buses: PciBus[];
  readonly #grow: boolean;
  readonly #pcieToPci: boolean;
  readonly #manyRoots: boolean;

  /** `manyRoots`: the machine grows by further pci-roots rather than by bridges. */
  constructor(
    buses: readonly PciBus[],
    options: { readonly grow: boolean; readonly pcieToPci: boolean; readonly manyRoots: boolean },
  ) {
    this.buses = [...buses];
    this.#grow = options.grow;
    this.#pcieToPci = options.pcieToPci;
    this.#manyRoots = options.manyRoots;
  }

  /** A rehearsal: places that it finds are not yet final. */
  get grows(): boolean {
    return this.#grow;
  }

  slotInUse(bus: number, slot: number): boolean {
    return this.buses[bus]?.slotInUse(slot) ?? false;
  }

  /** Takes a place that the configuration names. */
  reserve(address: PciAddress, wanted: Connect): void {
    if (this.#grow) this.#growTo(address.bus, wanted);
    const bus = this.validate(address, wanted, "XML_ERROR");
    if (bus.functionInUse(address.slot, address.function))
      throw new VirtError("XML_ERROR", `Attempted double use of PCI Address ${pciText(address)}`, { domain: "DOMAIN" });
    bus.reserve(address.slot, address.function, wanted, true);
  }

  /** Finds and takes the next free place. `fn`: the function that it must have. */
  reserveNext(wanted: Connect, fn?: number): PciPlace {
    if (this.buses.length === 0) throw noBuses("XML_ERROR");
    const place = this.#findFree(wanted, fn, "exactly") ?? this.#findFree(wanted, fn, "if-empty");
    if (place !== undefined) {
      this.buses[place.bus]?.reserve(place.slot, place.function, wanted);
      return place;
    }
    if (!this.#grow) throw new VirtError("INTERNAL_ERROR", "No more available PCI slots", { domain: "DOMAIN" });
    const index = this.#growTo(this.buses.length, wanted);
    const bus = this.buses[index];
    if (bus === undefined) throw noBuses("INTERNAL_ERROR");
    const added = { bus: index, slot: bus.minSlot, function: fn ?? 0 };
    bus.reserve(added.slot, added.function, wanted);
    return added;
  }

  #findFree(wanted: Connect, fn: number | undefined, how: "exactly" | "if-empty"): PciPlace | undefined {
    for (const [index, bus] of this.buses.entries()) {
      if (!bus.suits(wanted, how) || incompatible(bus, index, wanted, false) !== undefined) continue;
      const free = bus.findFree(wanted, fn);
      if (free !== undefined) return { bus: index, ...free };
    }
    return undefined;
  }

  /** Whether a device can be where the configuration says; returns the bus. */
  validate(address: PciAddress, wanted: Connect, code: ErrorName): PciBus {
    if (this.buses.length === 0) throw noBuses(code);
    const text = pciText(address);
    const bad = (detail: string) => new VirtError(code, detail, { domain: "DOMAIN" });
    if (address.domain !== 0) throw bad(`Invalid PCI address ${text}. Only PCI domain 0 is available`);
    const bus = this.buses[address.bus];
    if (bus === undefined)
      throw bad(`Invalid PCI address ${text}. Only PCI buses up to ${this.buses.length - 1} are available`);
    const why = incompatible(bus, address.bus, wanted, true);
    if (why !== undefined) throw bad(why.replace("%s", () => text));
    if (address.slot < bus.minSlot) throw bad(`Invalid PCI address ${text}. slot must be >= ${bus.minSlot}`);
    if (address.slot > bus.maxSlot) throw bad(`Invalid PCI address ${text}. slot must be <= ${bus.maxSlot}`);
    if (address.function > 7) throw bad(`Invalid PCI address ${text}. function must be <= 7`);
    return bus;
  }

  /** Makes up the buses up to the one of a number; returns the number that the device shall use. */
  #growTo(wantedBus: number, wanted: Connect): number {
    let missing = wantedBus - this.buses.length + 1;
    if (missing <= 0) return wantedBus;
    let bus = wantedBus;
    const model = modelToAdd(wanted.kinds, this.#manyRoots);
    if (model === "pci-bridge" && !this.buses.some((item) => item.offers.kinds.has("pci-bridge"))) {
      if (missing === 1) {
        missing++;
        bus++;
      }
      missing -= this.#startConventional();
    }
    for (; missing > 0; missing--) this.buses.push(new PciBus(model));
    return bus;
  }

  /**
   * A guest that only has PCI Express gets the controllers that lead to conventional PCI. The root port for them must
   * stay theirs, so it offers nothing else.
   */
  #startConventional(): number {
    if (!this.#pcieToPci) {
      this.buses.push(new PciBus("dmi-to-pci-bridge"));
      return 1;
    }
    this.buses.push(new PciBus("pcie-root-port", { kinds: new Set(["pcie-to-pci-bridge"]), auto: false }));
    this.buses.push(new PciBus("pcie-to-pci-bridge"));
    return 2;
  }
}

function modelToAdd(kinds: ReadonlySet<ConnectKind>, manyRoots: boolean): PciControllerModel {
  if (kinds.has("pci")) return manyRoots ? "pci-root" : "pci-bridge";
  if (kinds.has("pcie") || kinds.has("pcie-switch-upstream-port")) return "pcie-root-port";
  const [kind] = kinds;
  const detail =
    kind === undefined || kind === "pcie-to-pci-bridge"
      ? "Cannot automatically add a new PCI bus for a device of this kind"
      : `a PCI slot is needed to connect a PCI controller model='${kind}', but none is available, and it cannot be automatically added`;
  throw new VirtError("INTERNAL_ERROR", detail, { domain: "DOMAIN" });
}

const KIND_WORDS: Readonly<Partial<Record<ConnectKind, string>>> = {
  pci: "standard PCI device",
  pcie: "PCI Express device",
};

/** Why a device cannot be on a bus (`%s` for its address); undefined when it can. */
function incompatible(bus: PciBus, index: number, wanted: Connect, fromConfig: boolean): string | undefined {
  if (wanted.integrated === true && index !== 0)
    return "The device at PCI address %s needs to be an integrated device (bus=0)";
  const auto = bus.offers.auto || wanted.integrated === true;
  if (!fromConfig && wanted.auto && !auto)
    return `The device at PCI address %s was auto-assigned this address, but the PCI controller with index='${index}' doesn't allow auto-assignment`;
  const offered = new Set(bus.offers.kinds);
  const asked = new Set(wanted.kinds);
  if (fromConfig) {
    // People may put either kind of endpoint into either kind of slot, and a bridge where a device could be.
    if (offered.has("pci") || offered.has("pcie")) offered.add("pci").add("pcie");
    if (asked.has("pci-bridge")) asked.add("pci");
  }
  for (const kind of asked) if (offered.has(kind)) return undefined;
  const [kind = "pci"] = asked.has("pci") ? ["pci" as const] : asked;
  return `The device at PCI address %s cannot be plugged into the PCI controller with index='${index}'. It requires a controller that accepts a ${KIND_WORDS[kind] ?? kind}.`;
}

function noBuses(code: ErrorName): VirtError {
  return new VirtError(code, "No PCI buses available", { domain: "DOMAIN" });
}

export function pciText(address: PciAddress): string {
  const hex = (value: number, width: number) => value.toString(16).padStart(width, "0");
  return `${hex(address.domain, 4)}:${hex(address.bus, 2)}:${hex(address.slot, 2)}.${address.function}`;
}
