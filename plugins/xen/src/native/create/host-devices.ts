import type { Domain } from "@polyvisor/sdk/conf";
import type { NativeSettings } from "../config.js";
import { pciDevices, usbControllers, usbPlace } from "../libxl/host-devices.js";
import { formatPci } from "../pci.js";
import { usbVersion } from "../usb.js";

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
