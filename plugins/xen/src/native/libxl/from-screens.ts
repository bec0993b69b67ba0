import type { Devices, Domain, Graphics, Video, VideoType } from "@polyvisor/sdk/conf";
import { VNC_PORT, vnc } from "../graphics.js";
import type { LibxlReader } from "./reader.js";

/** Screens and the card that draws them. */
export function readScreens(whole: LibxlReader, { os }: Domain): Pick<Devices, "graphics" | "videos"> {
  const build = whole.part("b_info");
  if (os.type !== "hvm") return { graphics: whole.parts("vfbs").flatMap((each) => readScreen(each, true)), videos: [] };
  const own = build.part("type.hvm");
  const spice = own.part("spice");
  const graphics = spice.truth("enable") === true ? [readSpice(spice, own)] : readScreen(own, false);
  return { graphics, videos: readVideo(own, build) };
}

/** `isOpen`: a framebuffer that does not say it is VNC's. */
function readScreen(screen: LibxlReader, isOpen: boolean): readonly Graphics[] {
  const sdl = screen.part("sdl");
  if (sdl.truth("enable") === true) {
    return [{ kind: "graphics", type: "sdl", display: sdl.string("display"), xauth: sdl.string("xauthority") }];
  }
  const settings = screen.part("vnc");
  if (!(settings.truth("enable") ?? isOpen)) return [];
  const autoport = settings.truth("findunused") ?? true;
  return [
    vnc({
      autoport,
      port: autoport ? undefined : VNC_PORT + (settings.number("display") ?? 0),
      address: settings.string("listen"),
      passwd: settings.string("passwd"),
      keymap: screen.string("keymap"),
    }),
  ];
}

function readSpice(spice: LibxlReader, own: LibxlReader): Graphics {
  const port = spice.number("port") || undefined;
  const tlsPort = spice.number("tls_port") || undefined;
  const passwd = spice.string("passwd");
  return {
    kind: "graphics",
    type: "spice",
    port,
    tlsPort,
    autoport: port === undefined && tlsPort === undefined,
    keymap: own.string("keymap"),
    auth: passwd === undefined ? undefined : { passwd },
    listens: [{ type: "address", address: spice.string("host") }],
    channels: [],
    mouse: spice.truth("agent_mouse") === false ? "server" : "client",
    clipboard: spice.truth("clipboard_sharing") === true ? "yes" : "no",
  };
}

const CARDS: Readonly<Record<string, VideoType>> = { std: "vga", cirrus: "cirrus", qxl: "qxl" };

function readVideo(own: LibxlReader, build: LibxlReader): readonly Video[] {
  const type = CARDS[own.part("vga").string("kind") ?? ""];
  if (type === undefined) return [];
  return [{ kind: "video", model: { type, vram: build.number("video_memkb") || undefined, heads: 1 } }];
}
