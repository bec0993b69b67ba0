import type { Controller, Domain, Hostdev, UsbController } from "@polyvisor/sdk/conf";
import { type NativeReader, type NativeSettings, parseNumber, parsePairs } from "./config.js";
import { refuse } from "./errors.js";

/** What xl gives a controller that says nothing. */
const USUAL_VERSION = 2;
const USUAL_PORTS = 8;

/** Entries that are not of this kind do not count, as in libvirt. */
export function parseUsbControllers(conf: NativeReader): readonly UsbController[] {
  return conf.stringsOf("usbctrl").flatMap((entry) => {
    const pairs = parsePairs(entry);
    const version = hexadecimal(pairs?.get("version"), USUAL_VERSION);
    const ports = hexadecimal(pairs?.get("ports"), USUAL_PORTS);
    const isQusb = pairs?.get("type")?.startsWith("qusb") ?? true;
    if (pairs === undefined || !isQusb || version === undefined || ports === undefined) return [];
    return [{ kind: "controller", type: "usb", index: -1, model: version === 1 ? "qusb1" : "qusb2", ports }];
  });
}

function hexadecimal(written: string | undefined, usual: number): number | undefined {
  return written === undefined ? usual : parseNumber(written, 16);
}

export function formatUsbControllers({ devices }: Domain, settings: NativeSettings): void {
  settings.setList("usbctrl", devices.controllers.filter(isUsb).map(formatUsbController));
}

export function isUsb(controller: Controller): controller is UsbController {
  return controller.type === "usb";
}

function formatUsbController({ model, ports }: UsbController): string {
  if (model === undefined && ports === undefined) return `type=qusb,version=${USUAL_VERSION},ports=${USUAL_PORTS}`;
  const version = model === undefined ? "" : `type=qusb,version=${usbVersion(model)},`;
  return ports === undefined ? version : `${version}ports=${ports.toString(16)}`;
}

export function usbVersion(model: UsbController["model"]): 1 | 2 {
  if (model === "qusb1") return 1;
  if (model === "qusb2" || model === undefined) return 2;
  return refuse("CONFIG_UNSUPPORTED", "unsupported usb model", "Use model='qusb1' or model='qusb2'.");
}

/** The host's USB devices that the guest gets. */
export function parseUsbDevices(conf: NativeReader): readonly Hostdev[] {
  return conf.stringsOf("usbdev").flatMap((entry) => {
    const pairs = parsePairs(entry);
    const bus = hexadecimal(pairs?.get("hostbus"), 0);
    const device = hexadecimal(pairs?.get("hostaddr"), 0);
    if (pairs === undefined || bus === undefined || device === undefined) return [];
    return [{ kind: "hostdev", mode: "subsystem", managed: false, source: { type: "usb", bus, device } }];
  });
}

export function formatUsbDevices({ devices }: Domain, settings: NativeSettings): void {
  const entries = devices.hostdevs.flatMap(({ source }) =>
    source.type === "usb"
      ? [`hostbus=${(source.bus ?? 0).toString(16)},hostaddr=${(source.device ?? 0).toString(16)}`]
      : [],
  );
  settings.setList("usbdev", entries);
}
