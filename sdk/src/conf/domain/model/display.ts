import type { OnOff, VirtioModel, VirtioOptions, YesNo } from "./common.js";
import type { DeviceInfo } from "./device.js";

export type VideoType =
  | "vga"
  | "cirrus"
  | "vmvga"
  | "xen"
  | "vbox"
  | "qxl"
  | "parallels"
  | "virtio"
  | "gop"
  | "none"
  | "bochs"
  | "ramfb";

export interface Video extends DeviceInfo {
  readonly kind: "video";
  readonly model: {
    /** Absent until a driver chose one. */
    readonly type?: VideoType | undefined;
    /** Memory sizes in KiB. */
    readonly ram?: number | undefined;
    readonly vram?: number | undefined;
    readonly vram64?: number | undefined;
    readonly vgamem?: number | undefined;
    readonly heads?: number | undefined;
    readonly primary?: boolean | undefined;
    readonly acceleration?:
      | {
          readonly accel3d?: YesNo | undefined;
          readonly accel2d?: YesNo | undefined;
          readonly rendernode?: string | undefined;
        }
      | undefined;
    readonly resolution?: { readonly x: number; readonly y: number } | undefined;
  };
  readonly driver?:
    | (VirtioOptions & {
        readonly name?: "qemu" | "vhostuser" | undefined;
        readonly vgaconf?: "io" | "on" | "off" | undefined;
      })
    | undefined;
}

export interface Input extends DeviceInfo {
  readonly kind: "input";
  readonly type: "mouse" | "tablet" | "keyboard" | "passthrough" | "evdev";
  /** Absent until a driver or the defaults chose one. */
  readonly bus?: "ps2" | "usb" | "xen" | "parallels" | "virtio" | "none" | undefined;
  readonly model?: VirtioModel | undefined;
  readonly driver?: VirtioOptions | undefined;
  readonly source?:
    | {
        readonly evdev: string;
        readonly grab?: "all" | undefined;
        readonly grabToggle?:
          | "ctrl-ctrl"
          | "alt-alt"
          | "shift-shift"
          | "meta-meta"
          | "scrolllock"
          | "ctrl-scrolllock"
          | undefined;
        readonly repeat?: OnOff | undefined;
      }
    | undefined;
}

export interface Sound extends DeviceInfo {
  readonly kind: "sound";
  readonly model: "sb16" | "es1370" | "pcspk" | "ac97" | "ich6" | "ich9" | "usb" | "ich7";
  readonly codecs: readonly ("duplex" | "micro" | "output")[];
  readonly audioId?: number | undefined;
}

/** One direction of an audio backend; which of the backend's own fields apply depends on the backend's type. */
export interface AudioDirection {
  readonly mixingEngine?: YesNo | undefined;
  readonly fixedSettings?: YesNo | undefined;
  readonly frequency?: number | undefined;
  readonly channels?: number | undefined;
  readonly format?: "u8" | "s8" | "u16" | "s16" | "u32" | "s32" | "f32" | undefined;
  readonly voices?: number | undefined;
  /** Milliseconds. */
  readonly bufferLength?: number | undefined;
  /** alsa, oss: the host's device. */
  readonly dev?: string | undefined;
  /** oss, coreaudio, sdl. */
  readonly bufferCount?: number | undefined;
  /** oss. */
  readonly tryPoll?: YesNo | undefined;
  /** jack. */
  readonly serverName?: string | undefined;
  readonly clientName?: string | undefined;
  readonly connectPorts?: string | undefined;
  readonly exactName?: YesNo | undefined;
  /** pulseaudio. */
  readonly name?: string | undefined;
  readonly streamName?: string | undefined;
  readonly latency?: number | undefined;
}

interface AudioCommon {
  readonly kind: "audio";
  /** From 1; 0 until chosen. */
  readonly id: number;
  /** Microseconds. */
  readonly timerPeriod?: number | undefined;
  readonly input?: AudioDirection | undefined;
  readonly output?: AudioDirection | undefined;
}

export type Audio = AudioCommon &
  (
    | { readonly type: "none" | "alsa" | "coreaudio" | "jack" | "spice" | "dbus" }
    | {
        readonly type: "oss";
        readonly tryMMap?: YesNo | undefined;
        readonly exclusive?: YesNo | undefined;
        readonly dspPolicy?: number | undefined;
      }
    | { readonly type: "pulseaudio"; readonly serverName?: string | undefined }
    | { readonly type: "sdl"; readonly driver?: "esd" | "alsa" | "arts" | "pulseaudio" | undefined }
    | { readonly type: "file"; readonly path?: string | undefined }
  );
