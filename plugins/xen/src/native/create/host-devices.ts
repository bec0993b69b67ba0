import type { Domain, Hostdev } from "@polyvisor/sdk/conf";
import type { NativeSettings } from "../config.js";
import { pciDevices, usbControllers, usbPlace } from "../libxl/host-devices.js";
import { formatPci } from "../pci.js";
import { usbVersion } from "../usb.js";

/** A PCI device of the host as xl is told of it, for `pci = [...]` and for `xl pci-attach`; undefined for other devices. */
export function formatXlPci(device: Pick<Hostdev, "source">): string | undefined {
  return formatPci(device);
}

export function setHostDevices(domain: Domain, settings: NativeSettings): void {
  settings.setList(
    "pci",
    pciDevices(domain).flatMap((source) => formatPci({ source }) ?? []),
  );
  settings.setList(
    "usbctrl",
    usbControllers(domain).map(({ model, ports = 8 }) => `type=qusb,version=${usbVersion(model)},ports=${ports}`),
  );
  const usb = domain.devices.hostdevs.flatMap(({ source }) => (source.type === "usb" ? [usbPlace(source)] : []));
  settings.setList(
    "usbdev",
    usb.map(({ bus, device }) => `type=hostdev,hostbus=${bus},hostaddr=${device}`),
  );
}
