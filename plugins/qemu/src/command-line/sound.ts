import type { Audio, AudioDirection, Domain, Sound } from "@polyvisor/sdk/conf";
import { addressProps } from "./address.js";
import { aliasOf, type Build, internal, refuse } from "./context.js";
import { fromYesNo, jsonText, type Props, positive } from "./props.js";

/** The id of an audio backend; without a wish the first one. */
export function audioId(domain: Domain, wanted: number | undefined): string {
  const audios = domain.devices.audios;
  const audio = (wanted ?? 0) === 0 ? audios[0] : audios.find((item) => item.id === wanted);
  if (audio === undefined) throw internal("unable to find audio backend for sound device");
  return `audio${audio.id}`;
}

const AUDIO_DRIVERS: Readonly<Partial<Record<Audio["type"], string>>> = { pulseaudio: "pa", file: "wav" };

export function audioArgs({ args, domain }: Build): void {
  for (const audio of domain.devices.audios) {
    if (audio.type === "sdl" && audio.driver !== undefined) args.setEnv("SDL_AUDIODRIVER", audio.driver);
    args.add("-audiodev", jsonText(audioProps(audio)));
  }
}

function audioProps(audio: Audio): Props {
  return {
    id: `audio${audio.id}`,
    driver: AUDIO_DRIVERS[audio.type] ?? audio.type,
    "timer-period": positive(audio.timerPeriod),
    ...backendProps(audio),
    in: directionProps(audio.type, audio.input),
    out: directionProps(audio.type, audio.output),
  };
}

function backendProps(audio: Audio): Props {
  switch (audio.type) {
    case "oss":
      return {
        "try-mmap": fromYesNo(audio.tryMMap),
        exclusive: fromYesNo(audio.exclusive),
        "dsp-policy": audio.dspPolicy,
      };
    case "pulseaudio":
      return { server: audio.serverName };
    case "file":
      return { path: audio.path };
    default:
      return {};
  }
}

function directionProps(type: Audio["type"], direction: AudioDirection | undefined): Props | undefined {
  if (direction === undefined) return undefined;
  const fixed = direction.fixedSettings === "yes";
  const props: Props = {
    "mixing-engine": fromYesNo(direction.mixingEngine),
    "fixed-settings": fromYesNo(direction.fixedSettings),
    voices: positive(direction.voices),
    "buffer-length": positive(direction.bufferLength),
    frequency: fixed ? positive(direction.frequency) : undefined,
    channels: fixed ? positive(direction.channels) : undefined,
    format: fixed ? direction.format : undefined,
    ...backendDirection(type, direction),
  };
  return Object.values(props).some((value) => value !== undefined) ? props : undefined;
}

function backendDirection(type: Audio["type"], direction: AudioDirection): Props {
  switch (type) {
    case "alsa":
      return { dev: direction.dev };
    case "coreaudio":
    case "sdl":
      return { "buffer-count": positive(direction.bufferCount) };
    case "jack":
      return {
        "server-name": direction.serverName,
        "client-name": direction.clientName,
        "connect-ports": direction.connectPorts,
        "exact-name": fromYesNo(direction.exactName),
      };
    case "oss":
      return {
        dev: direction.dev,
        "buffer-count": positive(direction.bufferCount),
        "try-poll": fromYesNo(direction.tryPoll),
      };
    case "pulseaudio":
      return { name: direction.name, "stream-name": direction.streamName, latency: positive(direction.latency) };
    default:
      return {};
  }
}

const SOUND_DRIVERS: Readonly<Partial<Record<Sound["model"], string>>> = {
  es1370: "ES1370",
  ac97: "AC97",
  ich6: "intel-hda",
  ich9: "ich9-intel-hda",
  usb: "usb-audio",
  sb16: "sb16",
};

export function soundArgs(build: Build): void {
  for (const sound of build.domain.devices.sounds) {
    if (sound.model === "pcspk") {
      build.args.add("-soundhw", "pcspk");
      continue;
    }
    const driver = SOUND_DRIVERS[sound.model];
    if (driver === undefined) throw refuse(`sound model '${sound.model}' is not supported by QEMU`);
    const codecs = sound.model === "ich6" || sound.model === "ich9";
    const audiodev = audioId(build.domain, sound.audioId);
    const id = aliasOf(sound);
    build.args.device({ driver, id, audiodev: codecs ? undefined : audiodev, ...addressProps(build, sound) });
    if (codecs) codecArgs(build, sound, audiodev);
  }
}

function codecArgs(build: Build, sound: Sound, audiodev: string): void {
  const id = aliasOf(sound);
  const codecs = sound.codecs.length === 0 ? (["duplex"] as const) : sound.codecs;
  for (const [cad, codec] of codecs.entries())
    build.args.device({ driver: `hda-${codec}`, id: `${id}-codec${cad}`, bus: `${id}.0`, cad, audiodev });
}
