import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Device, DeviceOf, UsbHostDevice } from "@polyvisor/sdk/conf/domain";
import { qemuError, systemError } from "../errors.js";

const USB_DEVICES = "/sys/bus/usb/devices";

/**
 * The device with what is known of it on this host: a USB device that is named by what it is gets the place where it is
 * plugged in. Fails where it is not there. A device of the host's PCI bus must be taken from its driver first, which nobody
 * here does yet for a guest that runs.
 */
export async function onThisHost(device: Device): Promise<Device> {
  if (device.kind !== "hostdev") return device;
  if (device.source.type === "usb") return withUsbPlace(device, device.source);
  if (device.source.type !== "pci") return device;
  const words =
    device.source.driver === "vfio"
      ? "host doesn't support VFIO PCI passthrough"
      : "host doesn't support passthrough of host PCI devices";
  throw qemuError("CONFIG_UNSUPPORTED", words, {
    hint: "PCI devices of the host cannot be given to a guest that runs yet",
  });
}

async function withUsbPlace(hostdev: DeviceOf<"hostdev">, source: UsbHostDevice): Promise<Device> {
  const present = await usbDevices();
  const { vendor, product, bus, device } = source;
  const found = present.filter(
    (each) =>
      (vendor === undefined || (each.vendor === vendor && each.product === product)) &&
      (bus === undefined || each.bus === bus) &&
      (device === undefined || each.device === device),
  );
  const [first, ...others] = found;
  const named = `${hex(vendor)}:${hex(product)}`;
  if (first === undefined) {
    const where = `bus:${bus} device:${device}`;
    throw qemuError("INTERNAL_ERROR", `Did not find USB device ${vendor === undefined ? where : named}`);
  }
  if (others.length > 0)
    throw qemuError("OPERATION_FAILED", `Multiple USB devices for ${named}, use <address> to specify one`);
  const place = { bus: first.bus, device: first.device };
  return { ...hostdev, source: { ...source, ...place, autoAddress: bus === undefined } };
}

function hex(value = 0): string {
  return value.toString(16);
}

interface UsbPlace {
  readonly vendor: number;
  readonly product: number;
  readonly bus: number;
  readonly device: number;
}

async function usbDevices(): Promise<readonly UsbPlace[]> {
  const names = await readdir(USB_DEVICES).catch((error: unknown) => {
    throw systemError(`cannot open directory '${USB_DEVICES}'`, error);
  });
  // Interfaces of a device have a colon in their names.
  const found = await Promise.all(names.filter((name) => !name.includes(":")).map(usbDevice));
  return found.filter((each) => each !== undefined);
}

/** `undefined` where it is pulled out at this moment. */
async function usbDevice(name: string): Promise<UsbPlace | undefined> {
  const number = async (file: string, base: number) =>
    Number.parseInt(await readFile(join(USB_DEVICES, name, file), "utf8"), base);
  try {
    const [vendor, product, bus, device] = await Promise.all([
      number("idVendor", 16),
      number("idProduct", 16),
      number("busnum", 10),
      number("devnum", 10),
    ]);
    return { vendor, product, bus, device };
  } catch {
    return undefined;
  }
}
