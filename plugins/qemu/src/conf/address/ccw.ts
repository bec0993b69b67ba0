import { VirtError } from "@polyvisor/core";
import type { CcwAddress } from "@polyvisor/sdk/conf";
import { has, type QemuCapabilities } from "../../capabilities/index.js";
import { isS390Ccw } from "../machine.js";
import { type Placed, type Placement, placedDevices } from "./placement.js";
import { homelessVirtio } from "./virtio-devices.js";

type Place = NonNullable<CcwAddress["place"]>;

/** The channel subsystem that QEMU keeps for its own devices. */
const CSSID = 0xfe;

/** Gives the devices of an s390 machine their channel addresses. */
export function assignCcw(placement: Placement, caps: QemuCapabilities): void {
  const { domain } = placement;
  if (!isS390Ccw(domain)) return;
  const channel = domain.devices.hostdevs.filter(
    (each) => each.source.type === "mdev" && each.source.model === "vfio-ccw" && each.address === undefined,
  );
  if (has(caps, "vfio-ccw")) for (const hostdev of channel) placement.place(hostdev, { type: "ccw" });
  const { filesystems, vsock } = domain.devices;
  const others: readonly (Placed | undefined)[] = [...filesystems, vsock];
  const homeless = others.filter((device) => device !== undefined && placement.addressOf(device) === undefined);
  for (const device of [...homelessVirtio(placement), ...homeless])
    if (device !== undefined) placement.place(device, { type: "ccw" });
  const used = new Set<string>();
  for (const device of placedDevices(domain)) {
    const place = ccwPlace(placement, device);
    if (place === undefined) continue;
    if (used.has(key(place)))
      throw new VirtError("XML_ERROR", `The CCW devno '${text(place)}' is in use already`, { domain: "DOMAIN" });
    used.add(key(place));
  }
  for (const device of placedDevices(domain)) {
    if (placement.addressOf(device)?.type !== "ccw" || ccwPlace(placement, device) !== undefined) continue;
    const place = nextPlace(used);
    used.add(key(place));
    placement.place(device, { type: "ccw", place });
  }
}

function ccwPlace(placement: Placement, device: Placed): Place | undefined {
  const address = placement.addressOf(device);
  return address?.type === "ccw" ? address.place : undefined;
}

function nextPlace(used: ReadonlySet<string>): Place {
  const place = { cssid: CSSID, ssid: 0, devno: 0 };
  while (used.has(key(place))) place.devno++;
  return place;
}

function key({ cssid, ssid, devno }: Place): string {
  return `${cssid}.${ssid}.${devno}`;
}

function text({ cssid, ssid, devno }: Place): string {
  return `${cssid.toString(16)}.${ssid.toString(16)}.${devno.toString(16).padStart(4, "0")}`;
}
