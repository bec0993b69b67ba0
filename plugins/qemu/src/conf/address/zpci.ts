import { VirtError } from "@polyvisor/core";
import type { Controller, PciAddress, ZpciAddress } from "@polyvisor/sdk/conf";
import { has, type QemuCapabilities } from "../../capabilities/index.js";
import { type Placed, type Placement, placedDevices } from "./placement.js";

const MAX_UID = 0xffff;
const MAX_FID = 0xffffffff;

/** Numbers that no two devices of a guest share. */
class Numbers {
  readonly #taken = new Set<number>();

  constructor(
    readonly name: "uid" | "fid",
    readonly first: number,
    readonly last: number,
  ) {}

  take(wanted: number | undefined): number {
    const number = wanted ?? this.#next();
    // libvirt prints it in octal digits.
    if (this.#taken.has(number)) throw internal(`zPCI ${this.name} ${number.toString(8)} is already reserved`);
    this.#taken.add(number);
    return number;
  }

  #next(): number {
    for (let number = this.first; number <= this.last; number++) if (!this.#taken.has(number)) return number;
    throw internal(`There is no more free ${this.name}.`);
  }
}

function internal(detail: string): VirtError {
  return new VirtError("INTERNAL_ERROR", detail, { domain: "DOMAIN" });
}

const WITHOUT_ZPCI: ReadonlySet<Placed["kind"]> = new Set(["serial", "parallel", "console", "channel"]);

export function controllerKey({ type, index }: Controller): string {
  return `${type}:${index}`;
}

/**
 * On a mainframe a PCI device is known by two more numbers. Those that the configuration names are taken first. A bus
 * that was only just added, so not in `given`, gets its numbers when the guest is started.
 */
export function assignZpci(placement: Placement, caps: QemuCapabilities, given: ReadonlySet<string>): void {
  if (!has(caps, "zpci")) return;
  const uids = new Numbers("uid", 1, MAX_UID);
  const fids = new Numbers("fid", 0, MAX_FID);
  const pci = placedDevices(placement.domain).flatMap((device) => {
    const address = placement.addressOf(device);
    if (address?.type !== "pci" || WITHOUT_ZPCI.has(device.kind)) return [];
    return device.kind === "controller" && !given.has(controllerKey(device)) ? [] : [{ device, address }];
  });
  const complete = (device: Placed, address: PciAddress) => {
    const zpci: ZpciAddress = { uid: uids.take(address.zpci?.uid), fid: fids.take(address.zpci?.fid) };
    placement.place(device, { ...address, zpci });
  };
  const named = ({ address: { zpci } }: (typeof pci)[number]) => zpci?.uid !== undefined || zpci?.fid !== undefined;
  for (const each of pci) if (named(each)) complete(each.device, each.address);
  for (const each of pci) if (!named(each)) complete(each.device, each.address);
}
