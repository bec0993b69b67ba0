import type { Domain, Graphics, SpiceGraphics } from "@polyvisor/sdk/conf";
import type { NativeReader, NativeSettings } from "./config.js";
import { listenAddress } from "./graphics.js";

/** xl's SPICE, which takes the place of any other screen. */
export function parseSpice(conf: NativeReader, { os }: Domain): readonly Graphics[] | undefined {
  if (os.type !== "hvm" || conf.boolean("spice") !== true) return undefined;
  const tlsPort = conf.number("spicetls_port") || undefined;
  const port = conf.number("spiceport") || undefined;
  const isOpen = conf.boolean("spicedisable_ticketing") === true;
  return [
    {
      kind: "graphics",
      type: "spice",
      port,
      tlsPort,
      autoport: port === undefined && tlsPort === undefined,
      auth: isOpen ? undefined : { passwd: conf.requiredString("spicepasswd") },
      listens: [{ type: "address", address: conf.string("spicehost") }],
      channels: [],
      mouse: conf.boolean("spiceagent_mouse") === true ? "client" : "server",
      clipboard: conf.boolean("spice_clipboard_sharing") === true ? "yes" : "no",
    },
  ];
}

export function formatSpice({ os, devices }: Domain, settings: NativeSettings): void {
  const [graphics] = devices.graphics;
  if (os.type !== "hvm" || graphics?.type !== "spice") return;
  settings.set("sdl", 0);
  settings.set("vnc", 0);
  settings.set("spice", 1);
  settings.set("spicehost", listenAddress(graphics.listens));
  settings.set("spiceport", graphics.port ?? 0);
  settings.set("spicetls_port", graphics.tlsPort ?? 0);
  settings.set("spicedisable_ticketing", graphics.auth?.passwd === undefined);
  settings.set("spicepasswd", graphics.auth?.passwd);
  formatAgent(graphics, settings);
}

/** The guest's agent does the client's mouse and the clipboard. */
function formatAgent({ mouse, clipboard }: SpiceGraphics, settings: NativeSettings): void {
  if (mouse !== undefined) settings.set("spiceagent_mouse", mouse === "client");
  if (mouse === "client") settings.set("spicevdagent", 1);
  if (clipboard !== "yes") return;
  settings.set("spice_clipboard_sharing", 1);
  settings.set("spicevdagent", 1);
}
