import { VirtError } from "@polyvisor/core";
import type { Channel, ChardevSource, Console, Parallel, Serial } from "@polyvisor/sdk/conf";
import { has } from "../../capabilities/index.js";
import { isArmVirt, isPseries, isRiscvVirt } from "../machine.js";
import type { Checked } from "./context.js";
import { refuse } from "./refuse.js";

/** The host's end of a character device. */
export function checkSource(source: ChardevSource, { domain, caps }: Checked): void {
  switch (source.type) {
    case "tcp":
    case "unix":
      if (source.reconnect?.enabled === "yes" && (source.reconnect.timeout ?? 0) === 0)
        throw new VirtError("INVALID_ARG", "chardev reconnect source timeout cannot be '0'", { domain: "QEMU" });
      break;
    case "qemu-vdagent":
      if (!has(caps, "chardev.qemu-vdagent"))
        throw refuse(`chardev '${source.type}' not supported in this QEMU binary`);
      break;
    case "spicevmc":
    case "spiceport":
      if (!domain.devices.graphics.some(({ type }) => type === "spice"))
        throw refuse(`chardev '${source.type}' not supported without spice graphics`, "add <graphics type='spice'/>");
      break;
    default:
      break;
  }
}

export function checkChardev(device: Serial | Parallel | Console | Channel, checked: Checked): void {
  checkSource(device.source, checked);
  if (device.kind === "serial") checkSerial(device, checked);
  const { domain } = checked;
  if (device.kind === "parallel" && ((domain.os.arch ?? "").startsWith("s390") || isPseries(domain)))
    throw refuse("parallel ports are not supported");
}

const ADDRESSES: Partial<Record<NonNullable<Serial["target"]["type"]>, string>> = {
  "isa-serial": "isa",
  "isa-debug": "isa",
  "usb-serial": "usb",
  "pci-serial": "pci",
  "spapr-vio-serial": "spapr-vio",
};

const TYPES: Record<NonNullable<Serial["target"]["model"]>, NonNullable<Serial["target"]["type"]>> = {
  "isa-serial": "isa-serial",
  "usb-serial": "usb-serial",
  "pci-serial": "pci-serial",
  "spapr-vty": "spapr-vio-serial",
  pl011: "system-serial",
  "16550a": "system-serial",
  sclpconsole: "sclp-serial",
  sclplmconsole: "sclp-serial",
  "isa-debugcon": "isa-debug",
};

function checkSerial({ address, target }: Serial, { domain }: Checked): void {
  const { model, type } = target;
  if (type !== undefined && address !== undefined) {
    const wanted = ADDRESSES[type];
    if (wanted === undefined) throw refuse(`Target type '${type}' cannot have an associated address`);
    if (wanted !== address.type) throw refuse(`Target type '${type}' requires address type '${wanted}'`);
  }
  if (model !== undefined && type !== TYPES[model])
    throw refuse(`Target model '${model}' requires target type '${TYPES[model]}'`);
  const s390 = (domain.os.arch ?? "").startsWith("s390");
  const fits =
    (model !== "pl011" || isArmVirt(domain)) &&
    (model !== "16550a" || isRiscvVirt(domain)) &&
    (type !== "spapr-vio-serial" || isPseries(domain)) &&
    (type !== "sclp-serial" || s390);
  if (!fits) {
    throw refuse(
      `Serial device with target type '${type}' and target model '${model}' not compatible with guest architecture or machine type`,
    );
  }
}
