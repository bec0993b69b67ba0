import { VirtError } from "@polyvisor/core";
import { isPseries } from "../machine.js";
import { type Placed, type Placement, placedDevices } from "./placement.js";

/** The first address of each kind of device, which are QEMU's own; further ones are 0x1000 apart. */
const FIRST = { net: 0x1000, scsi: 0x2000, serial: 0x3000_0000, nvram: 0x3000, tpm: 0x4000 } as const;
const STEP = 0x1000;

/** Gives the paravirtual devices of a pSeries machine their addresses. */
export function assignSpaprVio(placement: Placement): void {
  const { domain } = placement;
  const d = domain.devices;
  const pseries = isPseries(domain);
  for (const each of d.interfaces) assign(placement, each, FIRST.net, each.model === "spapr-vlan");
  for (const each of d.controllers)
    assign(placement, each, FIRST.scsi, each.type === "scsi" && each.model === "ibmvscsi");
  for (const each of d.serials) assign(placement, each, FIRST.serial, each.target.type === "spapr-vio-serial");
  if (d.nvram !== undefined) assign(placement, d.nvram, FIRST.nvram, pseries);
  for (const each of d.tpms) assign(placement, each, FIRST.tpm, pseries && each.model !== "spapr-tpm-proxy");
}

function assign(placement: Placement, device: Placed, first: number, belongs: boolean): void {
  const address = placement.addressOf(device);
  if (address?.type !== "spapr-vio" && !belongs) return;
  const chosen = address?.type === "spapr-vio" ? address.reg : undefined;
  let reg = chosen ?? first;
  while (isUsed(placement, device, reg)) {
    if (chosen !== undefined) {
      throw new VirtError("XML_ERROR", `spapr-vio address 0x${reg.toString(16)} already in use`, { domain: "DOMAIN" });
    }
    reg += STEP;
  }
  placement.place(device, { type: "spapr-vio", reg });
}

function isUsed(placement: Placement, device: Placed, reg: number): boolean {
  return placedDevices(placement.domain).some((other) => {
    const address = placement.addressOf(other);
    return other !== device && address?.type === "spapr-vio" && address.reg === reg;
  });
}
