import {
  type Address,
  allDevices,
  type Controller,
  type Device,
  type Domain,
  isEmptyPci,
  mapEachDevice,
  maybeAddController,
  type PciAddress,
  wantsPciPlace,
  withDevices,
} from "@polyvisor/sdk/conf/domain";

/** Devices that sit somewhere in the guest. */
export type Placed = Exclude<Device, { kind: "graphics" | "lease" | "audio" }>;

/**
 * Places chosen for the devices of one domain, kept beside them until all are known. Lives for one assignment; the
 * domain that went in is not changed.
 */
export class Placement {
  #domain: Domain;
  readonly #addresses = new Map<Placed, Address>();

  constructor(domain: Domain) {
    this.#domain = domain;
  }

  /** Controllers that were added are in it, chosen places are not. */
  get domain(): Domain {
    return this.#domain;
  }

  addressOf(device: Placed): Address | undefined {
    return this.#addresses.get(device) ?? device.address;
  }

  place(device: Placed, address: Address): void {
    this.#addresses.set(device, address);
  }

  /** The device's PCI address, when it has one already. */
  pciOf(device: Placed): PciAddress | undefined {
    const address = this.addressOf(device);
    return address?.type === "pci" && !isEmptyPci(address) ? address : undefined;
  }

  wantsPci(device: Placed): boolean {
    return wantsPciPlace(this.addressOf(device));
  }

  /** Adds a controller unless there is one of its type and index; returns it when it was added. */
  addController(controller: Controller): Controller | undefined {
    const before = this.#domain.devices.controllers.length;
    this.#domain = maybeAddController(this.#domain, controller);
    return this.#domain.devices.controllers[before];
  }

  /** The same controller with more about it; it keeps its place. */
  replaceController(controller: Controller, complete: Controller): void {
    const { controllers } = this.#domain.devices;
    this.#domain = withDevices(this.#domain, {
      controllers: controllers.map((each) => (each === controller ? complete : each)),
    });
    const address = this.#addresses.get(controller);
    if (address !== undefined) this.#addresses.set(complete, address);
  }

  addUsbHub(): void {
    const { hubs } = this.#domain.devices;
    this.#domain = withDevices(this.#domain, { hubs: [...hubs, { kind: "hub", type: "usb" }] });
  }

  /** The domain with every device in its place. */
  finish(): Domain {
    if (this.#addresses.size === 0) return this.#domain;
    return mapEachDevice(this.#domain, (device) => {
      const address = isPlaced(device) ? this.#addresses.get(device) : undefined;
      return address === undefined ? device : { ...device, address };
    });
  }
}

export function isPlaced(device: Device): device is Placed {
  return device.kind !== "graphics" && device.kind !== "lease" && device.kind !== "audio";
}

/** Every device that sits somewhere, in libvirt's order. The console that stands for a serial port is left out. */
export function placedDevices(domain: Domain): Placed[] {
  const { consoles, serials } = domain.devices;
  const [first] = consoles;
  const mirror = first?.target.type === "serial" && domain.os.type === "hvm" && serials.length > 0 ? first : undefined;
  return allDevices(domain)
    .filter(isPlaced)
    .filter((device) => device !== mirror);
}
