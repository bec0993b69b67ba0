import type { Domain, HostdevSource, UsbController } from "@polyvisor/sdk/conf";
import { refuse } from "../errors.js";
import { isUsb, usbVersion } from "../usb.js";
import type { JsonObject } from "./json.js";

type PciSource = Extract<HostdevSource, { type: "pci" }>;
type UsbSource = Extract<HostdevSource, { type: "usb" }>;

/** PCI devices of the host that the guest gets, those that are network cards first. */
export function pciDevices({ devices }: Domain): readonly PciSource[] {
  const cards = devices.interfaces.flatMap(({ source }): readonly PciSource[] =>
    source.type === "hostdev" && source.address.type === "pci" ? [{ type: "pci", address: source.address }] : [],
  );
  return [...cards, ...devices.hostdevs.flatMap(({ source }) => (source.type === "pci" ? [source] : []))];
}

export function pciInfo({ address, writeFiltering }: PciSource): JsonObject {
  return {
    domain: address.domain || undefined,
    bus: address.bus || undefined,
    dev: address.slot || undefined,
    func: address.function || undefined,
    permissive: writeFiltering === "no" || undefined,
  };
}

const PORTS = 8;

/** The guest's USB controllers; as many as its devices of the host need where it names none. */
export function usbControllers(domain: Domain): readonly UsbController[] {
  const named = domain.devices.controllers.filter(isUsb);
  if (named.length > 0) return named;
  const count = Math.ceil(usbDevices(domain).length / PORTS);
  return Array.from({ length: count }, (_, index) => ({
    kind: "controller",
    type: "usb",
    index,
    model: "qusb2",
    ports: PORTS,
  }));
}

export function usbControllerInfo({ index, model, ports = PORTS }: UsbController): JsonObject {
  return { type: "qusb", devid: index, version: usbVersion(model), ports };
}

function usbDevices({ devices }: Domain): readonly UsbSource[] {
  return devices.hostdevs.flatMap(({ source }) => (source.type === "usb" ? [source] : []));
}

/** Where a USB device is plugged into the host. Throws one that is named by what it is alone, and was not looked for. */
export function usbPlace(source: UsbSource): { readonly bus: number; readonly device: number } {
  const { bus = 0, device = 0, vendor = 0, product = 0 } = source;
  if (bus > 0 && device > 0) return { bus, device };
  const name = `${vendor.toString(16)}:${product.toString(16)}`;
  return refuse(
    "OPERATION_FAILED",
    `failed to find USB device busnum:devnum for ${name}`,
    "Name the device by <address bus='...' device='...'/>.",
    "LIBXL",
  );
}

export function hostDevices(domain: Domain): JsonObject {
  const list = <T>(items: readonly T[], info: (item: T) => JsonObject): readonly JsonObject[] | undefined =>
    items.length === 0 ? undefined : items.map(info);
  return {
    pcidevs: list(pciDevices(domain), pciInfo),
    usbctrls: list(usbControllers(domain), usbControllerInfo),
    usbdevs: list(usbDevices(domain), (source) => {
      const { bus, device } = usbPlace(source);
      return { "type.hostdev": { hostbus: bus, hostaddr: device } };
    }),
  };
}
