import type { PciControllerModel } from "@polyvisor/sdk/conf";

/** What a device asks of a bus, or what a bus offers. A device fits when bus and device share a kind. */
export interface Connect {
  readonly kinds: ReadonlySet<ConnectKind>;
  /** A device that may be placed by us; a bus that we may place devices on. */
  readonly auto: boolean;
  /** Root ports share a slot: each takes one function of it. */
  readonly aggregate?: boolean;
  /** Sits on the root bus itself, where no other endpoint is placed. */
  readonly integrated?: boolean;
  /** Devices of one group share a bus with nobody else; without a group they are emulated ones. */
  readonly group?: number | undefined;
}

export type ConnectKind =
  | "pci"
  | "pcie"
  | "pcie-root-port"
  | "pcie-switch-upstream-port"
  | "pcie-switch-downstream-port"
  | "dmi-to-pci-bridge"
  | "pcie-to-pci-bridge"
  | "pci-expander-bus"
  | "pcie-expander-bus"
  | "pci-bridge";

export const PCI: Connect = connect(["pci"], true);
export const PCIE: Connect = connect(["pcie"], true);

function connect(kinds: readonly ConnectKind[], auto: boolean, aggregate = false): Connect {
  return { kinds: new Set(kinds), auto, aggregate };
}

interface BusShape {
  readonly offers: Connect;
  readonly minSlot: number;
  readonly maxSlot: number;
}

const LAST_SLOT = 31;
const NO_GROUP = 0;

/** What each model of controller offers below it. */
const BUS_SHAPES: Readonly<Record<PciControllerModel, BusShape>> = {
  "pci-root": shape(["pci", "pci-bridge", "pci-expander-bus"], true, 1),
  "pci-bridge": shape(["pci", "pci-bridge"], true, 1),
  "pci-expander-bus": shape(["pci", "pci-bridge"], true, 0),
  "pcie-root": shape(["pcie", "pcie-root-port", "dmi-to-pci-bridge", "pcie-expander-bus"], false, 1),
  "dmi-to-pci-bridge": shape(["pci", "pci-bridge"], false, 0),
  "pcie-to-pci-bridge": shape(["pci", "pci-bridge"], true, 1),
  "pcie-root-port": shape(["pcie", "pcie-switch-upstream-port", "pcie-to-pci-bridge"], true, 0, 0),
  "pcie-switch-downstream-port": shape(["pcie", "pcie-switch-upstream-port", "pcie-to-pci-bridge"], true, 0, 0),
  "pcie-switch-upstream-port": shape(["pcie-switch-downstream-port"], false, 0),
  "pcie-expander-bus": shape(["pcie-root-port", "dmi-to-pci-bridge"], false, 0),
};

function shape(kinds: readonly ConnectKind[], auto: boolean, minSlot: number, maxSlot = LAST_SLOT): BusShape {
  return { offers: connect(kinds, auto), minSlot, maxSlot };
}

/** What a controller itself must be plugged into; the roots are plugged into nothing. */
export function controllerConnect(model: PciControllerModel): Connect | undefined {
  switch (model) {
    case "pci-root":
    case "pcie-root":
      return undefined;
    case "pci-bridge":
      return connect(["pci-bridge"], false);
    case "pcie-root-port":
      return connect(["pcie-root-port"], false, true);
    default:
      return connect([model], false);
  }
}

interface Slot {
  /** One bit for each function that is taken. */
  functions: number;
  aggregate: boolean;
}

/** The bus below one PCI controller, and what of it is taken. Mutable: it lives for one assignment. */
export class PciBus {
  readonly minSlot: number;
  readonly maxSlot: number;
  readonly #slots: Slot[] = [];
  #group = NO_GROUP;
  #keepsGroup = false;

  /** `offers` replaces what the model usually offers. */
  constructor(
    readonly model: PciControllerModel,
    readonly offers: Connect = BUS_SHAPES[model].offers,
  ) {
    this.minSlot = BUS_SHAPES[model].minSlot;
    this.maxSlot = BUS_SHAPES[model].maxSlot;
    for (let slot = 0; slot <= LAST_SLOT; slot++) this.#slots.push({ functions: 0, aggregate: false });
  }

  slotInUse(slot: number): boolean {
    return this.#functions(slot) !== 0;
  }

  functionInUse(slot: number, fn: number): boolean {
    return (this.#functions(slot) & (1 << fn)) !== 0;
  }

  /** No device of a group will be placed here. */
  keepForEmulated(): void {
    this.#keepsGroup = true;
  }

  /** The bus of the device's group, or one that can still become it. */
  suits(wanted: Connect, how: "exactly" | "if-empty"): boolean {
    if (how === "exactly") return this.#group === (wanted.group ?? NO_GROUP);
    return this.#isEmpty && !this.#keepsGroup;
  }

  /** `byUser`: devices of several groups on one bus are the user's wish, and end its being a group's. */
  reserve(slot: number, fn: number, wanted: Connect, byUser = false): void {
    const taken = this.#slots[slot];
    if (taken === undefined) return;
    const group = wanted.group ?? NO_GROUP;
    if (this.#isEmpty && !this.#keepsGroup) this.#group = group;
    else if (this.#group !== group && byUser) this.#group = NO_GROUP;
    if (taken.functions === 0 && wanted.aggregate === true) taken.aggregate = true;
    taken.functions |= 1 << fn;
  }

  get #isEmpty(): boolean {
    return this.#slots.every(({ functions }) => functions === 0);
  }

  get isFull(): boolean {
    for (let slot = this.minSlot; slot <= this.maxSlot; slot++) if (!this.slotInUse(slot)) return false;
    return true;
  }

  /** The first place for a device. Without `fn` any function will do, which matters only in a shared slot. */
  findFree(wanted: Connect, fn: number | undefined): { readonly slot: number; readonly function: number } | undefined {
    for (let slot = this.minSlot; slot <= this.maxSlot; slot++) {
      if (!this.slotInUse(slot)) return { slot, function: fn ?? 0 };
      if (wanted.aggregate !== true || this.#slots[slot]?.aggregate !== true) continue;
      const candidates = fn === undefined ? [0, 1, 2, 3, 4, 5, 6, 7] : [fn];
      const free = candidates.find((candidate) => !this.functionInUse(slot, candidate));
      if (free !== undefined) return { slot, function: free };
    }
    return undefined;
  }

  #functions(slot: number): number {
    return this.#slots[slot]?.functions ?? 0;
  }
}
