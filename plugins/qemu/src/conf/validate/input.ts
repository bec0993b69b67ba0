import type { Input } from "@polyvisor/sdk/conf";
import { has, isX86, type QemuFlag } from "../../capabilities/index.js";
import type { Checked } from "./context.js";
import { refuse } from "./refuse.js";

interface Needs {
  readonly name: string;
  readonly flag: QemuFlag;
  /** On a mainframe's bus. */
  readonly ccw?: QemuFlag;
}

const VIRTIO: Readonly<Record<Input["type"], Needs>> = {
  mouse: { name: "virtio-mouse", flag: "virtio-mouse", ccw: "virtio-mouse-ccw" },
  tablet: { name: "virtio-tablet", flag: "virtio-tablet", ccw: "virtio-tablet-ccw" },
  keyboard: { name: "virtio-keyboard", flag: "virtio-keyboard", ccw: "virtio-keyboard-ccw" },
  passthrough: { name: "virtio-input-host", flag: "virtio-input-host" },
  evdev: { name: "input-linux", flag: "input-linux" },
};

export function checkInput({ address, bus, model, type }: Input, { domain, caps }: Checked): void {
  if (bus === "ps2" && !isX86(domain.os.arch ?? "") && !has(caps, "i8042"))
    throw refuse(`${bus} is not supported by this QEMU binary`);
  if (bus === "usb" && type === "keyboard" && !has(caps, "usb-kbd"))
    throw refuse("usb keyboard is not supported by this QEMU binary");
  if (bus !== "virtio") return;
  if (model === "virtio-transitional" || model === "virtio-non-transitional")
    throw refuse(`virtio (non-)transitional models are not supported for input type=${type}`);
  const { name, flag, ccw } = VIRTIO[type];
  if (!has(caps, flag) || (address?.type === "ccw" && (ccw === undefined || !has(caps, ccw))))
    throw refuse(`${name} is not supported by this QEMU binary`);
}
