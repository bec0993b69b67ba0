import type { Domain, Graphics, GraphicsListen, SdlGraphics, VncGraphics } from "@polyvisor/sdk/conf";
import { type NativeReader, type NativeSettings, parseNumber } from "./config.js";
import { refuse } from "./errors.js";

/** The port of VNC's display 0. */
export const VNC_PORT = 5900;

/** What shows the guest's screen through VNC or SDL. */
export function parseGraphics(conf: NativeReader, { os }: Domain): readonly Graphics[] {
  if (os.type !== "hvm") return parseFramebuffer(conf.strings("vfb"));
  if (conf.boolean("vnc") === true) return [parseVnc(conf)];
  if (conf.boolean("sdl") !== true) return [];
  return [{ kind: "graphics", type: "sdl", display: conf.string("display"), xauth: conf.string("xauthority") }];
}

function parseVnc(conf: NativeReader): VncGraphics {
  const autoport = conf.boolean("vncunused") ?? true;
  return vnc({
    autoport,
    port: autoport ? undefined : VNC_PORT + (conf.number("vncdisplay") ?? 0),
    address: conf.string("vnclisten"),
    passwd: conf.string("vncpasswd"),
    keymap: conf.string("keymap"),
  });
}

interface VncSettings {
  readonly autoport: boolean;
  readonly port: number | undefined;
  readonly address: string | undefined;
  readonly passwd: string | undefined;
  readonly keymap: string | undefined;
}

/** Also what xl made, see `../libxl`. */
export function vnc({ autoport, port, address, passwd, keymap }: VncSettings): VncGraphics {
  return {
    kind: "graphics",
    type: "vnc",
    autoport,
    port,
    keymap,
    auth: passwd === undefined ? undefined : { passwd },
    listens: [{ type: "address", address }],
  };
}

/** A paravirtual guest's framebuffer; only the first counts. */
function parseFramebuffer(list: readonly string[] | undefined): readonly Graphics[] {
  const [written] = list ?? [];
  if (written === undefined) return [];
  const pairs = leadingPairs(written);
  if (written.includes("type=sdl")) {
    return [{ kind: "graphics", type: "sdl", display: pairs.get("display"), xauth: pairs.get("xauthority") }];
  }
  const display = pairs.get("vncdisplay");
  const number = display === undefined ? undefined : parseNumber(display, 10);
  if (display !== undefined && number === undefined) {
    refuse("INTERNAL_ERROR", `invalid vncdisplay value '${display}'`, "Write a number.");
  }
  return [
    vnc({
      autoport: pairs.get("vncunused") === "1",
      port: number === undefined ? undefined : VNC_PORT + number,
      address: pairs.get("vnclisten"),
      passwd: pairs.get("vncpasswd"),
      keymap: pairs.get("keymap"),
    }),
  ];
}

/** The settings of a framebuffer, up to the first part that is none. */
function leadingPairs(written: string): ReadonlyMap<string, string> {
  const pairs = new Map<string, string>();
  for (const part of written.split(/,[, \t]*/)) {
    const equals = part.indexOf("=");
    if (equals < 0) break;
    pairs.set(part.slice(0, equals), part.slice(equals + 1));
  }
  return pairs;
}

/** The address of the first listener, where it has one. */
export function listenAddress([first]: readonly GraphicsListen[]): string | undefined {
  return first !== undefined && "address" in first ? first.address : undefined;
}

type Framebuffer = VncGraphics | SdlGraphics;

export function formatGraphics({ os, devices }: Domain, settings: NativeSettings): void {
  const [graphics, second] = devices.graphics;
  if (second !== undefined || (graphics?.type !== "vnc" && graphics?.type !== "sdl")) return;
  if (os.type !== "hvm") {
    const pairs = [["type", graphics.type], ...framebufferSettings(graphics)];
    settings.setList("vfb", [pairs.map((pair) => pair.join("=")).join(",")]);
    return;
  }
  settings.set("sdl", graphics.type === "sdl");
  settings.set("vnc", graphics.type === "vnc");
  for (const [name, value] of framebufferSettings(graphics)) settings.set(name, value);
}

function framebufferSettings(graphics: Framebuffer): readonly (readonly [string, string | number])[] {
  const settings: readonly (readonly [string, string | number | undefined])[] =
    graphics.type === "sdl"
      ? [
          ["display", graphics.display],
          ["xauthority", graphics.xauth],
        ]
      : [
          ["vncunused", Number(graphics.autoport)],
          ["vncdisplay", graphics.autoport ? undefined : (graphics.port ?? 0) - VNC_PORT],
          ["vnclisten", listenAddress(graphics.listens)],
          ["vncpasswd", graphics.auth?.passwd],
          ["keymap", graphics.keymap],
        ];
  return settings.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
}
