import {
  allowChildren,
  attribute,
  child,
  childElements,
  enumAttribute,
  enumOrDefault,
  integerAttribute,
  onOffAttribute,
  parseInteger,
  requiredEnum,
  requiredInteger,
  type XmlElement,
  yesNoAttribute,
} from "../../../xml/index.js";
import type { Graphics, GraphicsAuth, GraphicsListen, SpiceChannelName, SpiceGraphics } from "../model/index.js";
import { confError, type ParseContext } from "./context.js";

const CHILDREN: ReadonlySet<string> = new Set(
  "audio channel clipboard filetransfer gl image jpeg listen mouse playback streaming zlib".split(" "),
);
const TYPES = ["sdl", "vnc", "rdp", "desktop", "spice", "egl-headless", "dbus"] as const;
const YES_NO = ["yes", "no"] as const;

export function parseGraphics(element: XmlElement, context: ParseContext): Graphics {
  allowChildren(element, CHILDREN);
  const type = requiredEnum(element, "type", TYPES);
  const kind = "graphics";
  const gl = child(element, "gl");
  const audio = child(element, "audio");
  switch (type) {
    case "vnc":
      return parseVnc(element, context, audio);
    case "spice":
      return parseSpice(element, context);
    case "sdl":
      return {
        kind,
        type,
        display: attribute(element, "display"),
        xauth: attribute(element, "xauth"),
        fullscreen: yesNoAttribute(element, "fullscreen") === "yes" || undefined,
        gl: gl && requiredEnum(gl, "enable", YES_NO),
      };
    case "rdp":
      return parseRdp(element, context);
    case "desktop":
      return {
        kind,
        type,
        display: attribute(element, "display"),
        fullscreen: yesNoAttribute(element, "fullscreen") === "yes" || undefined,
      };
    case "egl-headless":
      return { kind, type, rendernode: gl && attribute(gl, "rendernode") };
    case "dbus":
      return {
        kind,
        type,
        p2p: yesNoAttribute(element, "p2p") === "yes" || undefined,
        address: attribute(element, "address"),
        gl: gl && { enable: requiredEnum(gl, "enable", YES_NO), rendernode: attribute(gl, "rendernode") },
        audioId: audio && requiredInteger(audio, "id", { nonzero: true }),
      };
  }
}

function parseVnc(element: XmlElement, context: ParseContext, audio: XmlElement | undefined): Graphics {
  const written = attribute(element, "port");
  const port = written === undefined ? undefined : parseInteger(written, { signed: true });
  if (written !== undefined && port === undefined) {
    throw confError(element, "INTERNAL_ERROR", `cannot parse vnc port ${written}`, "Write a number; -1 chooses one.");
  }
  const flag = attribute(element, "autoport");
  const autoport = flag === "yes" || (flag !== "no" && (port === undefined || port === -1));
  const chosen = (autoport && context.inactive) || port === -1 ? undefined : port;
  return {
    kind: "graphics",
    type: "vnc",
    port: chosen || undefined,
    autoport,
    websocket: integerAttribute(element, "websocket", { signed: true }) || undefined,
    websocketGenerated: attribute(element, "websocketGenerated") === "yes" || undefined,
    keymap: attribute(element, "keymap"),
    sharePolicy: enumOrDefault(element, "sharePolicy", ["allow-exclusive", "force-shared", "ignore"]),
    powerControl: yesNoAttribute(element, "powerControl"),
    auth: parseAuth(element, "vnc"),
    audioId: audio && requiredInteger(audio, "id", { nonzero: true }),
    listens: parseListens(element, "vnc", context),
  };
}

function parseRdp(element: XmlElement, context: ParseContext): Graphics {
  const written = attribute(element, "port");
  const port = written === undefined ? undefined : parseInteger(written, { signed: true });
  if (written !== undefined && port === undefined) {
    throw confError(element, "INTERNAL_ERROR", `cannot parse rdp port ${written}`, "Write a number; -1 chooses one.");
  }
  const autoport = port === undefined || port === -1 || attribute(element, "autoport") === "yes";
  return {
    kind: "graphics",
    type: "rdp",
    port: autoport && context.inactive ? undefined : port || undefined,
    autoport,
    replaceUser: attribute(element, "replaceUser") === "yes" || undefined,
    multiUser: attribute(element, "multiUser") === "yes" || undefined,
    listens: parseListens(element, "rdp", context),
  };
}

const CHANNELS: readonly SpiceChannelName[] = [
  "main",
  "display",
  "inputs",
  "cursor",
  "playback",
  "record",
  "smartcard",
  "usbredir",
];
const MODES = ["any", "secure", "insecure"] as const;

function parseSpice(element: XmlElement, context: ParseContext): SpiceGraphics {
  const port = integerAttribute(element, "port", { signed: true }) ?? 0;
  const tlsPort = integerAttribute(element, "tlsPort", { signed: true }) ?? 0;
  const autoport = yesNoAttribute(element, "autoport") === "yes" || (port === -1 && tlsPort === -1);
  const choose = autoport && context.inactive;
  const modes = new Map<SpiceChannelName, (typeof MODES)[number]>();
  for (const channel of childElements(element, "channel")) {
    modes.set(requiredEnum(channel, "name", CHANNELS), requiredEnum(channel, "mode", MODES));
  }
  const of = <const T extends string>(name: string, attributeName: string, values: readonly T[]): T | undefined => {
    const found = child(element, name);
    return found === undefined ? undefined : requiredEnum(found, attributeName, values);
  };
  const gl = child(element, "gl");
  const playback = child(element, "playback");
  return {
    kind: "graphics",
    type: "spice",
    port: choose ? undefined : port || undefined,
    tlsPort: choose ? undefined : tlsPort || undefined,
    autoport,
    keymap: attribute(element, "keymap"),
    defaultMode: enumAttribute(element, "defaultMode", MODES),
    auth: parseAuth(element, "spice"),
    listens: parseListens(element, "spice", context),
    channels: CHANNELS.flatMap((name) => {
      const mode = modes.get(name);
      return mode === undefined ? [] : [{ name, mode }];
    }),
    image: of("image", "compression", ["auto_glz", "auto_lz", "quic", "glz", "lz", "off"]),
    jpeg: of("jpeg", "compression", ["auto", "never", "always"]),
    zlib: of("zlib", "compression", ["auto", "never", "always"]),
    playback: playback && onOffAttribute(playback, "compression"),
    streaming: of("streaming", "mode", ["filter", "all", "off"]),
    clipboard: of("clipboard", "copypaste", YES_NO),
    filetransfer: of("filetransfer", "enable", YES_NO),
    mouse: of("mouse", "mode", ["server", "client"]),
    gl: gl && { enable: requiredEnum(gl, "enable", YES_NO), rendernode: attribute(gl, "rendernode") },
  };
}

function parseAuth(element: XmlElement, type: "vnc" | "spice"): GraphicsAuth | undefined {
  const passwd = attribute(element, "passwd");
  if (passwd === undefined) return undefined;
  const validTo = attribute(element, "passwdValidTo");
  if (validTo !== undefined && !/^\d+-\d+-\d+T\d+:\d+:\d+$/.test(validTo)) {
    const words = `cannot parse password validity time '${validTo}', expect YYYY-MM-DDTHH:MM:SS`;
    throw confError(element, "INTERNAL_ERROR", words);
  }
  const connected = attribute(element, "connected");
  const known = (["fail", "disconnect", "keep"] as const).find((each) => each === connected);
  if (connected !== undefined && known === undefined) {
    throw confError(element, "CONFIG_UNSUPPORTED", `unknown connected value ${connected}`);
  }
  if (type === "vnc" && known !== undefined && known !== "keep") {
    throw confError(element, "CONFIG_UNSUPPORTED", "VNC supports connected='keep' only");
  }
  return { passwd, passwdValidTo: validTo, connected: known };
}

const LISTEN_TYPES = ["none", "address", "network", "socket"] as const;

function parseListens(
  element: XmlElement,
  type: "vnc" | "spice" | "rdp",
  context: ParseContext,
): readonly GraphicsListen[] {
  const listens = childElements(element, "listen").map((each, at) =>
    parseListen(each, type, at === 0 ? element : undefined, context),
  );
  const socket = type === "vnc" ? attribute(element, "socket") : undefined;
  const first = listens[0];
  if (first === undefined) {
    if (socket !== undefined) return [{ type: "socket", socket }];
    return [{ type: "address", address: attribute(element, "listen") || undefined }];
  }
  // the older attribute wins over an address
  if (socket !== undefined && (first.type === "address" || first.type === "network")) {
    return [{ type: "socket", socket }, ...listens.slice(1)];
  }
  return listens;
}

function parseListen(
  element: XmlElement,
  graphics: "vnc" | "spice" | "rdp",
  parent: XmlElement | undefined,
  context: ParseContext,
): GraphicsListen {
  const type = requiredEnum(element, "type", LISTEN_TYPES);
  if (graphics === "rdp" && (type === "socket" || type === "none")) {
    throw confError(element, "CONFIG_UNSUPPORTED", `listen type '${type}' is not available for graphics type 'rdp'`);
  }
  const network = attribute(element, "network");
  if (network && type !== "network") {
    throw confError(element, "XML_ERROR", "'network' attribute is valid only for listen type 'network'");
  }
  const socket = attribute(element, "socket");
  if (socket && type !== "socket") {
    throw confError(element, "XML_ERROR", "'socket' attribute is valid only for listen type 'socket'");
  }
  switch (type) {
    case "address": {
      const address = agree(element, "address", parent, "listen");
      const fromConfig = context.status && attribute(element, "fromConfig") === "1" ? true : undefined;
      return { type, address: address || undefined, fromConfig };
    }
    case "network":
      return {
        type,
        network: network ?? "",
        address: context.inactive ? undefined : attribute(element, "address") || undefined,
      };
    case "socket": {
      const generated = context.status && attribute(element, "autoGenerated") === "yes" ? true : undefined;
      return { type, socket: agree(element, "socket", parent, "socket") || undefined, autoGenerated: generated };
    }
    case "none":
      return { type };
  }
}

/** An attribute that may also stand, with the same value, on `<graphics>`. */
function agree(element: XmlElement, name: string, parent: XmlElement | undefined, older: string): string | undefined {
  const value = attribute(element, name);
  const compatible = parent === undefined ? undefined : attribute(parent, older);
  if (value !== undefined && compatible !== undefined && value !== compatible) {
    throw confError(
      element,
      "CONFIG_UNSUPPORTED",
      `graphics '${older}' attribute '${compatible}' must match '${name}' attribute of first listen element (found '${value}')`,
    );
  }
  return value ?? compatible;
}
