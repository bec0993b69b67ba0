import { attr, attrNonzero, type XmlWriter } from "../../../xml/index.js";
import type { Audio, AudioDirection, Input, Sound, Video } from "../model/index.js";
import { type FormatContext, virtioOptions } from "./context.js";
import { formatDeviceInfo } from "./device-info.js";

export function formatVideo(w: XmlWriter, video: Video): void {
  w.block("video", "", () => {
    const { driver, model } = video;
    if (driver !== undefined) {
      // what is so anyway is not said
      const vgaconf = driver.vgaconf === "io" ? undefined : driver.vgaconf;
      w.emptyIfAttributes("driver", virtioOptions(driver) + attr("vgaconf", vgaconf) + attr("name", driver.name));
    }
    const attributes =
      attr("type", model.type ?? "default") +
      attrNonzero("ram", model.ram) +
      attrNonzero("vram", model.vram) +
      attrNonzero("vram64", model.vram64) +
      attrNonzero("vgamem", model.vgamem) +
      attrNonzero("heads", model.heads) +
      (model.primary === true ? attr("primary", "yes") : "");
    w.element("model", attributes, () => {
      const { acceleration, resolution } = model;
      if (acceleration !== undefined) {
        const accel = attr("accel3d", acceleration.accel3d) + attr("accel2d", acceleration.accel2d);
        w.empty("acceleration", accel + attr("rendernode", acceleration.rendernode));
      }
      if (resolution !== undefined) {
        const size = resolution.x && resolution.y ? attr("x", resolution.x) + attr("y", resolution.y) : "";
        w.empty("resolution", size);
      }
    });
    formatDeviceInfo(w, video);
  });
}

export function formatInput(w: XmlWriter, input: Input, context: FormatContext): void {
  const implicit = input.type === "keyboard" && (input.bus === "ps2" || input.bus === "xen");
  if (context.migratable && implicit) return;
  const bus = input.bus === "none" ? "" : attr("bus", input.bus);
  w.element("input", attr("type", input.type) + bus + attr("model", input.model), () => {
    w.emptyIfAttributes("driver", virtioOptions(input.driver));
    const { source } = input;
    if (source !== undefined) {
      w.empty(
        "source",
        attr(input.type === "evdev" ? "dev" : "evdev", source.evdev) +
          attr("grab", source.grab) +
          attr("grabToggle", source.grabToggle) +
          attr("repeat", source.repeat),
      );
    }
    formatDeviceInfo(w, input);
  });
}

export function formatSound(w: XmlWriter, sound: Sound): void {
  w.element("sound", attr("model", sound.model), () => {
    for (const codec of sound.codecs) w.empty("codec", attr("type", codec));
    if (sound.audioId !== undefined) w.empty("audio", attr("id", sound.audioId));
    formatDeviceInfo(w, sound);
  });
}

export function formatAudio(w: XmlWriter, audio: Audio): void {
  const common = attr("id", audio.id) + attr("type", audio.type) + attrNonzero("timerPeriod", audio.timerPeriod);
  w.element("audio", common + backendAttributes(audio), () => {
    formatDirection(w, "input", audio.input);
    formatDirection(w, "output", audio.output);
  });
}

function backendAttributes(audio: Audio): string {
  switch (audio.type) {
    case "oss":
      return attr("tryMMap", audio.tryMMap) + attr("exclusive", audio.exclusive) + attr("dspPolicy", audio.dspPolicy);
    case "pulseaudio":
      return attr("serverName", audio.serverName);
    case "sdl":
      return attr("driver", audio.driver);
    case "file":
      return attr("path", audio.path);
    default:
      return "";
  }
}

function formatDirection(w: XmlWriter, name: "input" | "output", direction: AudioDirection | undefined): void {
  if (direction === undefined) return;
  const attributes =
    attr("mixingEngine", direction.mixingEngine) +
    attr("fixedSettings", direction.fixedSettings) +
    attrNonzero("voices", direction.voices) +
    attrNonzero("bufferLength", direction.bufferLength) +
    attr("dev", direction.dev) +
    attr("serverName", direction.serverName) +
    attr("clientName", direction.clientName) +
    attr("connectPorts", direction.connectPorts) +
    attr("exactName", direction.exactName) +
    attr("name", direction.name) +
    attr("streamName", direction.streamName) +
    attrNonzero("latency", direction.latency) +
    attrNonzero("bufferCount", direction.bufferCount) +
    attr("tryPoll", direction.tryPoll);
  w.element(name, attributes, () => {
    if (direction.fixedSettings !== "yes") return;
    const settings = attrNonzero("frequency", direction.frequency) + attrNonzero("channels", direction.channels);
    w.empty("settings", settings + attr("format", direction.format));
  });
}
