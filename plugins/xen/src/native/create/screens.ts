import type { Domain, Graphics, SpiceGraphics } from "@polyvisor/sdk/conf";
import type { NativeSettings } from "../config.js";
import { listenAddress, VNC_PORT } from "../graphics.js";
import { guestType } from "../libxl/create-info.js";
import { videoCard } from "../libxl/video.js";
import { part } from "./xl-text.js";

type Setting = readonly [string, string | number | undefined];

/** Screens and the card that draws them. */
export function setScreens(domain: Domain, settings: NativeSettings): void {
  const { graphics } = domain.devices;
  if (guestType(domain.os) !== "hvm") {
    const framebuffers = graphics
      .filter(isDrawn)
      .map((each) => [
        ["vnc", Number(each.type === "vnc")] as const,
        ["sdl", Number(each.type === "sdl")] as const,
        ...screenSettings(each),
      ]);
    settings.setList(
      "vfb",
      framebuffers.map((each) => each.flatMap(([name, value]) => part(name, value)).join(",")),
    );
    return;
  }
  const spice = graphics.find((each) => each.type === "spice");
  const [first] = graphics;
  settings.set("sdl", spice === undefined && first?.type === "sdl");
  settings.set("vnc", spice === undefined && first?.type === "vnc");
  if (spice !== undefined) setSpice(spice, settings);
  else if (first !== undefined) for (const [name, value] of screenSettings(first)) settings.set(name, value);
  setCard(domain, settings);
}

function isDrawn({ type }: Graphics): boolean {
  return type === "vnc" || type === "sdl";
}

/** What a screen is; nothing for one that Xen does not have. A port that is not chosen yet is Xen's to choose. */
function screenSettings(graphics: Graphics): readonly Setting[] {
  if (graphics.type === "sdl") {
    return [
      ["display", graphics.display],
      ["xauthority", graphics.xauth],
      ["opengl", 0],
    ];
  }
  if (graphics.type !== "vnc") return [];
  return [
    ["vncunused", Number(graphics.port === undefined)],
    ["vncdisplay", graphics.port === undefined ? undefined : graphics.port - VNC_PORT],
    ["vnclisten", listenAddress(graphics.listens)],
    ["vncpasswd", graphics.auth?.passwd],
    ["keymap", graphics.keymap],
  ];
}

const LOOPBACK = "127.0.0.1";

function setSpice(spice: SpiceGraphics, settings: NativeSettings): void {
  const hasAgent = spice.clipboard === "yes";
  settings.set("spice", 1);
  settings.set("spicehost", spice.listens.length === 0 ? undefined : (listenAddress(spice.listens) ?? LOOPBACK));
  settings.set("spiceport", spice.port);
  settings.set("spicetls_port", spice.tlsPort);
  settings.set("keymap", spice.keymap);
  settings.set("spicedisable_ticketing", spice.auth?.passwd === undefined);
  settings.set("spicepasswd", spice.auth?.passwd);
  settings.set("spiceagent_mouse", spice.mouse !== "server");
  settings.set("spicevdagent", hasAgent);
  settings.set("spice_clipboard_sharing", hasAgent);
}

const XL_NAMES: Readonly<Record<string, string>> = { std: "stdvga" };

function setCard(domain: Domain, settings: NativeSettings): void {
  const card = videoCard(domain);
  if (card === undefined) {
    settings.set("nographic", 1);
    settings.set("vga", "none");
    return;
  }
  settings.set("vga", XL_NAMES[card.kind] ?? card.kind);
  settings.set("videoram", Math.floor(card.memory));
}
