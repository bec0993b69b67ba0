import { VirtError } from "@polyvisor/core";
import type { Audio, Graphics, Sound, SpiceGraphics, Video, VncGraphics } from "@polyvisor/sdk/conf";
import { has, type QemuFlag } from "../../capabilities/index.js";
import type { Checked, CheckedOnHost } from "./context.js";
import { internal, malformed, refuse } from "./refuse.js";

const GRAPHICS_FLAGS: Partial<Record<Graphics["type"], QemuFlag>> = {
  vnc: "vnc",
  spice: "spice",
  sdl: "sdl",
  "egl-headless": "egl-headless",
  dbus: "display-dbus",
};

export function checkGraphics(graphics: Graphics, checked: CheckedOnHost): void {
  const { domain, caps } = checked;
  const flag = GRAPHICS_FLAGS[graphics.type];
  if (flag === undefined || !has(caps, flag))
    throw refuse(`${graphics.type} graphics are not supported with this QEMU`);
  if (domain.devices.graphics.some(({ type }) => type === "egl-headless")) {
    if (!["egl-headless", "vnc", "spice"].includes(graphics.type))
      throw refuse("graphics type 'egl-headless' is only supported with one of: 'vnc', 'spice' graphics types");
    if (graphics.type === "spice" && graphics.gl?.enable === "yes")
      throw refuse("multiple OpenGL displays are not supported by QEMU");
  }
  if (graphics.type === "spice") checkSpice(graphics, checked);
  if (graphics.type === "vnc") checkVnc(graphics, checked);
  if (graphics.type === "egl-headless" && graphics.rendernode !== undefined && !has(caps, "egl-headless.rendernode"))
    throw refuse("This QEMU doesn't support OpenGL rendernode with egl-headless graphics type");
  if (graphics.type === "dbus" && (graphics.audioId ?? 0) > 0) {
    const audio = domain.devices.audios.find(({ id }) => id === graphics.audioId);
    if (audio !== undefined && audio.type !== "dbus") throw refuse("The associated audio is not of 'dbus' kind.");
  }
}

function checkSpice({ gl, listens, tlsPort }: SpiceGraphics, { caps, host }: CheckedOnHost): void {
  const [first] = listens;
  if (first === undefined) throw internal("missing listen element");
  const isOnNetwork = first.type === "address" || first.type === "network";
  if (isOnNetwork && (tlsPort ?? 0) > 0 && host.spiceTls !== true) {
    const words = "spice TLS port set in XML configuration, but TLS is disabled in qemu.conf";
    throw refuse(words, "leave tlsPort out");
  }
  if (gl?.enable !== "yes") return;
  if (!has(caps, "spice-gl")) throw refuse("This QEMU doesn't support spice OpenGL");
  if (gl.rendernode !== undefined && !has(caps, "spice-rendernode"))
    throw refuse("This QEMU doesn't support spice OpenGL rendernode");
}

/** DES takes no more of a password. */
const VNC_PASSWORD_MAX = 8;

function checkVnc({ auth, powerControl }: VncGraphics, { caps }: Checked): void {
  if (powerControl !== undefined && !has(caps, "vnc-power-control")) throw refuse("VNC power control is not available");
  const length = Buffer.byteLength(auth?.passwd ?? "");
  if (length > VNC_PASSWORD_MAX)
    throw refuse(`VNC password is ${length} characters long, only ${VNC_PASSWORD_MAX} permitted`);
}

const VIDEO_FLAGS: Partial<Record<NonNullable<Video["model"]["type"]>, QemuFlag>> = {
  vga: "VGA",
  cirrus: "cirrus-vga",
  vmvga: "vmware-svga",
  qxl: "qxl",
  virtio: "virtio-gpu",
  bochs: "bochs-display",
  ramfb: "ramfb",
};

const RESOLUTION: ReadonlySet<string> = new Set(["vga", "qxl", "virtio", "bochs"]);

export function checkVideo({ address, driver, model }: Video, { caps }: Checked): void {
  const { acceleration, type } = model;
  if (type === undefined || type === "none") return;
  const flag = VIDEO_FLAGS[type];
  const there = flag !== undefined && (has(caps, flag) || (type === "virtio" && has(caps, "virtio-gpu-ccw")));
  if (!there) throw refuse(`domain configuration does not support video model '${type}'`);
  const several = type === "qxl" || type === "virtio";
  if (!several && model.primary !== true) throw refuse(`video type '${type}' is only valid as primary video device`);
  if (!several && (model.heads ?? 1) !== 1) throw refuse(`video type '${type}' doesn't support multiple 'heads'`);
  if (acceleration?.accel2d === "yes") throw refuse("qemu does not support the accel2d setting");
  if (type === "qxl") checkQxl(model);
  if (model.resolution !== undefined && !RESOLUTION.has(type)) throw malformed("model resolution is not supported");
  if ((type === "vga" || type === "vmvga") && model.vram && model.vram < 1024)
    throw refuse("value for 'vram' must be at least 1 MiB (1024 KiB)");
  if (driver?.name === "vhostuser") {
    if (type === "virtio" && !has(caps, "vhost-user-gpu"))
      throw refuse("this QEMU does not support 'vhost-user' video device");
  } else if (acceleration?.accel3d === "yes") {
    if (type !== "virtio") throw refuse("3d acceleration is supported only with 'virtio' video device");
    if (!(["virtio-gpu.virgl", "virtio-gpu-gl-pci", "virtio-vga-gl"] as const).some((each) => has(caps, each)))
      throw refuse("3d acceleration is not supported by this QEMU binary");
  }
  if (type === "ramfb" && address !== undefined) throw refuse("'address' is not supported for 'ramfb' video devices");
}

/** QEMU counts in bytes, in 32 bits; we in KiB. */
const QXL_MAX = Math.floor(0xffffffff / 1024);

function checkQxl({ ram, vgamem, vram }: Video["model"]): void {
  for (const [name, value] of [["vram", vram] as const, ["ram", ram] as const]) {
    if ((value ?? 0) > QXL_MAX)
      throw new VirtError("OVERFLOW", `value for '${name}' must be less than '${QXL_MAX}'`, { domain: "QEMU" });
  }
  if (!vgamem) return;
  if (vgamem < 1024) throw refuse("value for 'vgamem' must be at least 1 MiB (1024 KiB)");
  if (!Number.isInteger(Math.log2(vgamem))) throw refuse("value for 'vgamem' must be power of two");
}

const CODECS: Record<Sound["codecs"][number], QemuFlag> = {
  duplex: "hda-duplex",
  micro: "hda-micro",
  output: "hda-output",
};

export function checkSound({ codecs, model }: Sound, { caps }: Checked): void {
  if (model === "usb" && !has(caps, "usb-audio"))
    throw refuse("usb-audio controller is not supported by this QEMU binary");
  if (model === "ich9" && !has(caps, "ich9-intel-hda"))
    throw refuse("The ich9-intel-hda audio controller is not supported in this QEMU binary");
  if (model === "ich7") throw internal(`sound card model '${model}' is not supported by qemu`);
  if (model !== "ich6" && model !== "ich9") return;
  for (const codec of codecs)
    if (!has(caps, CODECS[codec])) throw refuse(`${CODECS[codec]} not supported in this QEMU binary`);
}

export function checkAudio({ type }: Audio, { domain, caps }: Checked): void {
  if (type === "spice" && !domain.devices.graphics.some((each) => each.type === "spice"))
    throw refuse("Spice audio is not supported without spice graphics");
  if (type === "dbus" && !has(caps, "display-dbus")) throw refuse("D-Bus audio is not supported with this QEMU");
}
