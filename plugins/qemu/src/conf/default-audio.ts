import { VirtError } from "@polyvisor/core";
import { type Audio, type Domain, withDevices } from "@polyvisor/sdk/conf/domain";
import type { HostAudio } from "./host-facts.js";

const DRIVERS = ["none", "alsa", "coreaudio", "jack", "oss", "pa", "sdl", "spice", "wav", "dbus"] as const;
const NAMES = { pa: "pulseaudio", wav: "file" } as const;
const SDL_DRIVERS = ["esd", "alsa", "arts", "pulseaudio"] as const;

/** Sound goes where the screen is. What the host may hear is for its environment to say; without a word QEMU decides. */
export function addAudio(domain: Domain, host: HostAudio | undefined): Domain {
  const goal = goalOf(domain, host);
  const audio = goal === "host" ? hostBackend(host) : goal;
  if (audio === undefined) return domain;
  const backend: Audio = { kind: "audio", id: 1, type: audio };
  return withDevices(domain, { audios: [withSdlDriver(backend, host)] });
}

/** The last screen that has an opinion decides; of nothing but a local one, or of none, nothing is known. */
function goalOf({ devices }: Domain, host: HostAudio | undefined): "none" | "spice" | "host" | undefined {
  if (devices.graphics.length === 0) return host?.headless === true ? "host" : "none";
  let goal: "none" | "spice" | "host" | undefined;
  for (const { type } of devices.graphics) {
    if (type === "vnc") goal = host?.vnc === true ? "host" : "none";
    else if (type === "spice") goal = "spice";
    else if (type === "sdl") goal = "host";
  }
  return goal;
}

function hostBackend(host: HostAudio | undefined): Audio["type"] | undefined {
  const name = host?.driver;
  if (name === undefined) return undefined;
  const driver = DRIVERS.find((each) => each === name);
  if (driver === undefined) throw refuse(`unknown QEMU_AUDIO_DRV setting ${name}`, DRIVERS);
  return driver === "pa" || driver === "wav" ? NAMES[driver] : driver;
}

function withSdlDriver(audio: Audio, host: HostAudio | undefined): Audio {
  if (audio.type !== "sdl" || host?.sdlDriver === undefined) return audio;
  const driver = SDL_DRIVERS.find((each) => each === host.sdlDriver);
  if (driver === undefined) throw refuse(`unknown SDL_AUDIODRIVER setting ${host.sdlDriver}`, SDL_DRIVERS);
  return { ...audio, driver };
}

function refuse(detail: string, allowed: readonly string[]): VirtError {
  return new VirtError("CONFIG_UNSUPPORTED", detail, { domain: "QEMU", hint: `one of ${allowed.join(", ")}` });
}
