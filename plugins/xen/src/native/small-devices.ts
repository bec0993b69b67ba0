import type { Domain, Input, Sound, XenbusController } from "@polyvisor/sdk/conf";
import { quoted } from "./chardev-source.js";
import type { NativeReader, NativeSettings } from "./config.js";
import { malformed, refuse } from "./errors.js";

const SOUND_MODELS: readonly Sound["model"][] = ["sb16", "es1370", "pcspk", "ac97", "ich6", "ich9", "usb", "ich7"];
/** What `all` meant in the days of xend. */
const ALL_SOUNDS: readonly Sound["model"][] = ["sb16", "es1370"];

export function parseSounds(conf: NativeReader, { os }: Domain): readonly Sound[] {
  const written = os.type === "hvm" ? conf.string("soundhw") : undefined;
  if (written === undefined) return [];
  const models = written === "all" ? ALL_SOUNDS : written.split(",").filter(Boolean).map(soundModel);
  return models.map((model) => ({ kind: "sound", model, codecs: [] }));
}

function soundModel(name: string): Sound["model"] {
  const model = SOUND_MODELS.find((each) => each === name);
  return model ?? refuse("CONFIG_UNSUPPORTED", `unsupported audio model ${name}`, `Known: ${SOUND_MODELS.join(", ")}.`);
}

/** The sound card that xl gave a guest; one that libvirt does not know is left out. */
export function soundOfXl(name: string | undefined): readonly Sound[] {
  const model = name === "hda" ? "ich6" : SOUND_MODELS.find((each) => each === name);
  return model === undefined ? [] : [{ kind: "sound", model, codecs: [] }];
}

export function formatSounds({ os, devices }: Domain, settings: NativeSettings): void {
  if (os.type !== "hvm" || devices.sounds.length === 0) return;
  settings.set("soundhw", devices.sounds.map(({ model }) => quoted(model)).join(","));
}

const INPUTS: Readonly<Record<string, Input["type"]>> = { mouse: "mouse", tablet: "tablet", keyboard: "keyboard" };

/** USB mice, tablets and keyboards; xl takes a list, xm one. Devices of other kinds do not count. */
export function parseUsbInputs(conf: NativeReader, { os }: Domain, how: "one" | "many"): readonly Input[] {
  if (os.type !== "hvm") return [];
  const found = how === "one" ? conf.string("usbdevice") : conf.value("usbdevice");
  const names = typeof found === "object" ? found : found === undefined ? [] : [found];
  return names.flatMap((name): readonly Input[] => {
    const type = typeof name === "string" ? INPUTS[name] : malformed("usbdevice");
    return type === undefined ? [] : [{ kind: "input", type, bus: "usb" }];
  });
}

export function formatUsbInputs({ os, devices }: Domain, settings: NativeSettings, how: "one" | "many"): void {
  if (os.type !== "hvm") return;
  const inputs = devices.inputs.filter(({ bus }) => bus === "usb");
  if (inputs.length > 0) settings.set("usb", 1);
  const names = inputs.map(({ type }) => type).filter((type) => Object.hasOwn(INPUTS, type));
  if (names.length > 1 && how === "many") settings.setList("usbdevice", names);
  else settings.set("usbdevice", names[0]);
}

export function parseXenbus(conf: NativeReader): XenbusController {
  return {
    kind: "controller",
    type: "xenbus",
    index: 0,
    maxEventChannels: conf.number("max_event_channels") || undefined,
    maxGrantFrames: conf.number("max_grant_frames") || undefined,
  };
}

export function xenbusOf({ devices }: Domain): XenbusController | undefined {
  return devices.controllers.find((each) => each.type === "xenbus");
}

export function formatXenbus(domain: Domain, settings: NativeSettings): void {
  const xenbus = xenbusOf(domain);
  settings.set("max_event_channels", xenbus?.maxEventChannels || undefined);
  settings.set("max_grant_frames", xenbus?.maxGrantFrames || undefined);
}
