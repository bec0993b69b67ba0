import type { Domain, Serial, SpiceGraphics } from "@polyvisor/sdk/conf";
import { bootOrder } from "../boot.js";
import { formatChardevSource } from "../chardev-source.js";
import { refuse } from "../errors.js";
import { listenAddress } from "../graphics.js";
import { type Json, type JsonObject, truth } from "./json.js";
import { framebuffer } from "./vfbs.js";
import { videoInfo } from "./video.js";

/** What only fully virtualized guests have. */
export function hvmInfo(domain: Domain, hpet: boolean | undefined): JsonObject {
  const { os, features, devices } = domain;
  if (devices.parallels.length > 0) {
    refuse("CONFIG_UNSUPPORTED", "Parallel devices are not supported by libxl", "Remove <parallel>.", "LIBXL");
  }
  const inputs = usbInputs(domain);
  return {
    apic: truth(features.apic !== undefined),
    acpi: truth(features.acpi === true),
    device_model: devices.emulator,
    device_model_version: devices.emulator === undefined ? undefined : "qemu_xen",
    "type.hvm": {
      pae: truth(features.pae === true),
      viridian: features.viridian === true ? truth(true) : undefined,
      hpet: hpet === true ? truth(true) : undefined,
      bios: os.firmware === "efi" || os.loader?.type === "pflash" ? "ovmf" : undefined,
      acpi_firmware: os.acpiSlic,
      soundhw: soundModel(domain),
      boot: bootOrder(os.boot),
      usbdevice_list: inputs.length === 0 ? undefined : inputs,
      ...serialInfo(devices.serials),
      ...videoInfo(domain).card,
      ...screenInfo(domain),
    },
  };
}

/** xl has one sound card, and calls Intel's by another name. */
export function soundModel({ devices }: Domain): string | undefined {
  const [sound] = devices.sounds;
  return sound?.model === "ich6" ? "hda" : sound?.model;
}

function usbInputs({ devices }: Domain): readonly string[] {
  const inputs = devices.inputs.filter(({ bus }) => bus === "usb").map(({ type }) => type);
  if (inputs.some((type) => type !== "mouse" && type !== "tablet")) {
    refuse("CONFIG_UNSUPPORTED", "Unknown input device type", "Use a mouse or a tablet on USB.", "LIBXL");
  }
  return inputs;
}

function serialInfo(serials: readonly Serial[]): JsonObject {
  const written = serials.map(({ source }): string =>
    formatChardevSource(source.type === "udp" ? { ...source, bind: { service: "0", ...source.bind } } : source, asIs),
  );
  const [first, second] = written;
  if (first === undefined) return {};
  return second === undefined ? { serial: first } : { serial_list: written };
}

/** libxl hands paths over as they are. */
function asIs(path: string): string {
  return path;
}

/** SPICE goes before any other screen, of which the first counts. */
function screenInfo({ devices }: Domain): JsonObject {
  const off = { enable: truth(false) };
  const spice = devices.graphics.find((each) => each.type === "spice");
  if (spice !== undefined) return { vnc: off, sdl: off, keymap: spice.keymap, spice: spiceInfo(spice) };
  const [first] = devices.graphics;
  const { vnc, sdl, keymap } = first === undefined ? {} : framebuffer(first);
  return { vnc: enabled(vnc) ?? off, sdl: enabled(sdl) ?? off, keymap };
}

function enabled(screen: Json | undefined): JsonObject | undefined {
  return typeof screen === "object" && "enable" in screen && screen.enable === "True" ? screen : undefined;
}

const LOOPBACK = "127.0.0.1";

function spiceInfo(spice: SpiceGraphics): JsonObject {
  const hasAgent = spice.clipboard === "yes";
  return {
    enable: truth(true),
    port: spice.port,
    host: spice.listens.length === 0 ? undefined : (listenAddress(spice.listens) ?? LOOPBACK),
    passwd: spice.auth?.passwd,
    disable_ticketing: truth(spice.auth?.passwd === undefined),
    agent_mouse: truth(spice.mouse !== "server"),
    vdagent: truth(hasAgent),
    clipboard_sharing: truth(hasAgent),
  };
}
