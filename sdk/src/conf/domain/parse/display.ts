import {
  allowChildren,
  attribute,
  child,
  childElements,
  enumAttribute,
  integerAttribute,
  onOffAttribute,
  parseInteger,
  requiredEnum,
  requiredInteger,
  type XmlElement,
  yesNoAttribute,
} from "../../../xml/index.js";
import type { Audio, AudioDirection, Input, Sound, Video } from "../model/index.js";
import {
  anySet,
  confError,
  type ParseContext,
  parseVirtioOptions,
  sanitizePath,
  word,
  wordAttribute,
} from "./context.js";
import { parseDeviceInfo } from "./device-info.js";
import { VIRTIO_MODELS } from "./disk.js";

const VIDEO_CHILDREN: ReadonlySet<string> = new Set("acpi address alias driver model".split(" "));
const VIDEO_TYPES = [
  "vga",
  "cirrus",
  "vmvga",
  "xen",
  "vbox",
  "qxl",
  "parallels",
  "virtio",
  "gop",
  "none",
  "bochs",
  "ramfb",
] as const;

export function parseVideo(element: XmlElement, context: ParseContext): Video {
  allowChildren(element, VIDEO_CHILDREN);
  const driver = child(element, "driver");
  return {
    kind: "video",
    model: parseVideoModel(child(element, "model")),
    driver: driver === undefined ? undefined : parseVideoDriver(driver),
    ...parseDeviceInfo(element, context),
  };
}

function parseVideoModel(element: XmlElement | undefined): Video["model"] {
  if (element === undefined) return { heads: 1 };
  const number = (name: string): number | undefined => {
    const text = attribute(element, name);
    if (text === undefined || text === "") return undefined;
    const value = parseInteger(text, { max: 0xffffffff });
    if (value === undefined) {
      throw confError(
        element,
        name === "heads" ? "INTERNAL_ERROR" : "XML_ERROR",
        `cannot parse video ${name} '${text}'`,
      );
    }
    return value || undefined;
  };
  const acceleration = child(element, "acceleration");
  const resolution = child(element, "resolution");
  const unknown = (value: string): string => `unknown video model '${value}'`;
  return {
    type: attribute(element, "type") === "default" ? undefined : wordAttribute(element, "type", VIDEO_TYPES, unknown),
    ram: number("ram"),
    vram: number("vram"),
    vram64: number("vram64"),
    vgamem: number("vgamem"),
    heads: attribute(element, "heads") ? number("heads") : 1,
    primary: attribute(element, "primary") === "yes" || undefined,
    acceleration: acceleration && parseAcceleration(acceleration),
    resolution: resolution && { x: requiredInteger(resolution, "x"), y: requiredInteger(resolution, "y") },
  };
}

function parseAcceleration(element: XmlElement): Video["model"]["acceleration"] {
  const rendernode = attribute(element, "rendernode");
  const acceleration = {
    accel3d: yesNoAttribute(element, "accel3d"),
    accel2d: yesNoAttribute(element, "accel2d"),
    rendernode: rendernode === undefined ? undefined : sanitizePath(rendernode),
  };
  if (!anySet(acceleration)) throw confError(element, "CONFIG_UNSUPPORTED", "missing values for acceleration");
  return acceleration;
}

function parseVideoDriver(element: XmlElement): Video["driver"] {
  const driver = {
    name: enumAttribute(element, "name", ["qemu", "vhostuser"]),
    vgaconf: enumAttribute(element, "vgaconf", ["io", "on", "off"]),
    ...parseVirtioOptions(element),
  };
  return anySet(driver) ? driver : undefined;
}

const INPUT_CHILDREN: ReadonlySet<string> = new Set("acpi address alias driver source".split(" "));
const TOGGLES = ["ctrl-ctrl", "alt-alt", "shift-shift", "meta-meta", "scrolllock", "ctrl-scrolllock"] as const;

const INPUT_TYPES = ["mouse", "tablet", "keyboard", "passthrough", "evdev"] as const;
const INPUT_BUSES = ["ps2", "usb", "xen", "parallels", "virtio", "none"] as const;

export function parseInput(element: XmlElement, context: ParseContext): Input {
  allowChildren(element, INPUT_CHILDREN);
  const written = attribute(element, "type");
  if (written === undefined)
    throw confError(element, "INTERNAL_ERROR", "missing input device type", "Add type='tablet'.");
  const type = word(element, written, INPUT_TYPES, (value) => `unknown input device type '${value}'`);
  const model = attribute(element, "model");
  const bus = attribute(element, "bus");
  const source = child(element, "source");
  return {
    kind: "input",
    type,
    bus:
      bus === undefined ? undefined : word(element, bus, INPUT_BUSES, (value) => `unknown input bus type '${value}'`),
    model:
      model === undefined
        ? undefined
        : word(element, model, VIRTIO_MODELS, (value) => `unknown input model '${value}'`),
    driver: parseVirtioOptions(child(element, "driver")),
    source: source && parseInputSource(source, type),
    ...parseDeviceInfo(element, context),
  };
}

function parseInputSource(element: XmlElement, type: Input["type"]): Input["source"] {
  if (type !== "passthrough" && type !== "evdev") return undefined;
  const name = type === "evdev" ? "dev" : "evdev";
  const evdev = attribute(element, name);
  if (evdev === undefined) {
    throw confError(element, "XML_ERROR", "Missing evdev path for input device", `Add ${name}='/dev/input/...'.`);
  }
  if (type !== "evdev") return { evdev };
  return {
    evdev,
    grab: enumAttribute(element, "grab", ["all"]),
    grabToggle: enumAttribute(element, "grabToggle", TOGGLES),
    repeat: onOffAttribute(element, "repeat"),
  };
}

const CODECS = ["duplex", "micro", "output"] as const;
const SOUND_CHILDREN: ReadonlySet<string> = new Set("acpi address alias audio codec driver".split(" "));
const SOUND_MODELS = ["sb16", "es1370", "pcspk", "ac97", "ich6", "ich9", "usb", "ich7"] as const;

export function parseSound(element: XmlElement, context: ParseContext): Sound {
  allowChildren(element, SOUND_CHILDREN);
  const model = requiredEnum(element, "model", SOUND_MODELS);
  const audio = child(element, "audio");
  // only Intel's HDA has codecs
  const codecs = model === "ich6" || model === "ich9" ? childElements(element, "codec") : [];
  return {
    kind: "sound",
    model,
    codecs: codecs.map((codec) =>
      word(codec, attribute(codec, "type") ?? "(null)", CODECS, (value) => `unknown codec type '${value}'`),
    ),
    audioId: audio && requiredInteger(audio, "id", { nonzero: true }),
    ...parseDeviceInfo(element, context),
  };
}

const AUDIO_TYPES = ["none", "alsa", "coreaudio", "jack", "oss", "pulseaudio", "sdl", "spice", "file", "dbus"] as const;

export function parseAudio(element: XmlElement): Audio {
  allowChildren(element, new Set(["input", "output"]));
  const type = requiredEnum(element, "type", AUDIO_TYPES);
  const common = {
    kind: "audio",
    id: requiredInteger(element, "id", { nonzero: true }),
    timerPeriod: integerAttribute(element, "timerPeriod", { nonzero: true }),
    input: parseDirection(child(element, "input"), type),
    output: parseDirection(child(element, "output"), type),
  } as const;
  switch (type) {
    case "oss":
      return {
        type,
        tryMMap: yesNoAttribute(element, "tryMMap"),
        exclusive: yesNoAttribute(element, "exclusive"),
        dspPolicy: integerAttribute(element, "dspPolicy", { signed: true }),
        ...common,
      };
    case "pulseaudio":
      return { type, serverName: attribute(element, "serverName"), ...common };
    case "sdl":
      return { type, driver: enumAttribute(element, "driver", ["esd", "alsa", "arts", "pulseaudio"]), ...common };
    case "file":
      return { type, path: attribute(element, "path"), ...common };
    default:
      return { type, ...common };
  }
}

function parseDirection(element: XmlElement | undefined, type: Audio["type"]): AudioDirection | undefined {
  if (element === undefined) return undefined;
  const settings = child(element, "settings");
  const fixedSettings = yesNoAttribute(element, "fixedSettings");
  const mixingEngine = yesNoAttribute(element, "mixingEngine");
  if (fixedSettings === "yes" && mixingEngine !== "yes") {
    const hint = "Add mixingEngine='yes'.";
    throw confError(element, "CONFIG_UNSUPPORTED", "fixed audio settings requires mixing engine", hint);
  }
  if (settings !== undefined && fixedSettings !== "yes") {
    const words = "audio settings specified without fixed settings flag";
    throw confError(settings, "CONFIG_UNSUPPORTED", words, "Add fixedSettings='yes'.");
  }
  const nonzero = { nonzero: true };
  const direction: AudioDirection = {
    mixingEngine,
    fixedSettings,
    voices: integerAttribute(element, "voices", nonzero),
    bufferLength: integerAttribute(element, "bufferLength", nonzero),
    frequency: settings && integerAttribute(settings, "frequency", nonzero),
    channels: settings && integerAttribute(settings, "channels", nonzero),
    format: settings && enumAttribute(settings, "format", ["u8", "s8", "u16", "s16", "u32", "s32", "f32"]),
    ...parseBackendFields(element, type),
  };
  return anySet(direction) ? direction : undefined;
}

function parseBackendFields(element: XmlElement, type: Audio["type"]): AudioDirection {
  const nonzero = { nonzero: true };
  switch (type) {
    case "alsa":
      return { dev: attribute(element, "dev") };
    case "coreaudio":
    case "sdl":
      return { bufferCount: integerAttribute(element, "bufferCount", nonzero) };
    case "jack":
      return {
        serverName: attribute(element, "serverName"),
        clientName: attribute(element, "clientName"),
        connectPorts: attribute(element, "connectPorts"),
        exactName: yesNoAttribute(element, "exactName"),
      };
    case "oss":
      return {
        dev: attribute(element, "dev"),
        bufferCount: integerAttribute(element, "bufferCount", nonzero),
        tryPoll: yesNoAttribute(element, "tryPoll"),
      };
    case "pulseaudio":
      return {
        name: attribute(element, "name"),
        streamName: attribute(element, "streamName"),
        latency: integerAttribute(element, "latency", nonzero),
      };
    default:
      return {};
  }
}
