import type {
  DbusGraphics,
  Graphics,
  GraphicsListen,
  SdlGraphics,
  SpiceGraphics,
  VncGraphics,
} from "@polyvisor/sdk/conf";
import { type Build, internal, refuse } from "./context.js";
import { escapeComma, yesToOn } from "./props.js";
import { tlsArgs } from "./secrets.js";
import { audioId } from "./sound.js";

export function graphicsArgs(build: Build): void {
  const kinds = build.domain.devices.graphics.map((item) => item.type);
  if (new Set(kinds).size < kinds.length)
    throw refuse("only 1 graphics device of each type (sdl, vnc, spice, headless, dbus) is supported");
  for (const graphics of build.domain.devices.graphics) oneGraphics(build, graphics);
}

function oneGraphics(build: Build, graphics: Graphics): void {
  if (graphics.type === "vnc") vncArgs(build, graphics);
  else if (graphics.type === "spice") spiceArgs(build, graphics);
  else if (graphics.type === "sdl") sdlArgs(build, graphics);
  else if (graphics.type === "dbus") dbusArgs(build, graphics);
  else if (graphics.type === "egl-headless")
    build.args.add("-display", `egl-headless${rendernodePart(graphics.rendernode)}`);
  else throw refuse(`unsupported graphics type '${graphics.type}'`);
}

function rendernodePart(node: string | undefined): string {
  return node === undefined ? "" : `,rendernode=${escapeComma(node)}`;
}

function sdlArgs({ args }: Build, graphics: SdlGraphics): void {
  if (graphics.xauth !== undefined) args.setEnv("XAUTHORITY", graphics.xauth);
  if (graphics.display !== undefined) args.setEnv("DISPLAY", graphics.display);
  if (graphics.fullscreen === true) args.add("-full-screen");
  args.add("-display", graphics.gl === undefined ? "sdl" : `sdl,gl=${yesToOn(graphics.gl)}`);
}

function listenOf(listens: readonly GraphicsListen[]): GraphicsListen {
  const [listen] = listens;
  if (listen === undefined) throw internal("missing listen element");
  return listen;
}

function vncArgs(build: Build, graphics: VncGraphics): void {
  const settings = build.runtime.settings;
  const parts = [...vncListenParts(graphics)];
  if (graphics.sharePolicy !== undefined) parts.push(`share=${graphics.sharePolicy}`);
  if (graphics.auth?.passwd !== undefined || settings?.vncPassword === true) parts.push("password=on");
  if (settings?.vncTls !== undefined)
    parts.push(`tls-creds=${tlsArgs(build, "vnc-tls-creds0", "server", settings.vncTls)}`);
  if (settings?.vncSasl !== undefined) {
    parts.push("sasl=on");
    if (settings.vncSasl.dir !== undefined) build.args.setEnv("SASL_CONF_PATH", settings.vncSasl.dir);
  }
  if (graphics.powerControl !== undefined) parts.push(`power-control=${yesToOn(graphics.powerControl)}`);
  parts.push(`audiodev=${audioId(build.domain, graphics.audioId)}`);
  build.args.add("-vnc", parts.join(","));
  if (graphics.keymap !== undefined) build.args.add("-k", graphics.keymap);
}

function vncListenParts(graphics: VncGraphics): readonly string[] {
  const listen = listenOf(graphics.listens);
  switch (listen.type) {
    case "socket":
      return [`vnc=unix:${escapeComma(listen.socket ?? "")}`];
    case "none":
      return ["none"];
    default: {
      const port = graphics.port ?? 0;
      if (port < 5900 || port > 65535) throw refuse("vnc port must be in range [5900,65535]");
      const address = listen.address ?? "";
      const parts = [`${address.includes(":") ? `[${address}]` : address}:${port - 5900}`];
      if (graphics.websocket !== undefined) parts.push(`websocket=${graphics.websocket}`);
      return parts;
    }
  }
}

function spiceArgs(build: Build, graphics: SpiceGraphics): void {
  const settings = build.runtime.settings;
  const { parts, secure, insecure } = spiceListen(graphics);
  if (settings?.spiceSasl !== undefined) {
    parts.push("sasl=on");
    if (settings.spiceSasl.dir !== undefined) build.args.setEnv("SASL_CONF_PATH", settings.spiceSasl.dir);
  }
  if (graphics.mouse !== undefined) parts.push(`agent-mouse=${graphics.mouse === "client" ? "on" : "off"}`);
  if (graphics.auth?.passwd === undefined && settings?.spicePassword !== true) parts.push("disable-ticketing=on");
  if (secure) parts.push(`x509-dir=${escapeComma(settings?.spiceTlsDir ?? "/etc/pki/libvirt-spice")}`);
  parts.push(...spiceChannelParts(graphics, secure, insecure), ...spiceTuningParts(graphics), "seamless-migration=on");
  build.args.add("-spice", parts.join(","));
  if (graphics.keymap !== undefined) build.args.add("-k", graphics.keymap);
}

function spiceListen(graphics: SpiceGraphics): { parts: string[]; secure: boolean; insecure: boolean } {
  const listen = listenOf(graphics.listens);
  if (listen.type === "socket")
    return { parts: ["unix", `addr=${escapeComma(listen.socket ?? "")}`], secure: false, insecure: true };
  if (listen.type === "none") return { parts: ["port=0"], secure: false, insecure: true };
  const { port = 0, tlsPort = 0 } = graphics;
  const parts: string[] = [];
  if (port > 0) parts.push(`port=${port}`);
  if (tlsPort > 0) parts.push(`tls-port=${tlsPort}`);
  if ((port > 0 || tlsPort > 0) && listen.address !== undefined) parts.push(`addr=${listen.address}`);
  return { parts, secure: tlsPort > 0, insecure: port > 0 };
}

const SPICE_CHANNELS = ["main", "display", "inputs", "cursor", "playback", "record", "smartcard", "usbredir"] as const;

function spiceChannelParts(graphics: SpiceGraphics, secure: boolean, insecure: boolean): readonly string[] {
  const part = (mode: "any" | "secure" | "insecure" | undefined, name: string, what: string): readonly string[] => {
    if (mode === undefined || mode === "any") return [];
    const plain = mode === "insecure";
    if (!(plain ? insecure : secure))
      throw refuse(`spice ${what} XML configuration, but ${plain ? "plaintext" : "TLS"} connection is not available`);
    return [`${plain ? "plaintext" : "tls"}-channel=${name}`];
  };
  const { defaultMode } = graphics;
  const parts = [...part(defaultMode, "default", `defaultMode ${defaultMode ?? ""} requested in`)];
  for (const name of SPICE_CHANNELS) {
    const mode = graphics.channels.find((channel) => channel.name === name)?.mode;
    parts.push(...part(mode, name, `${mode ?? ""} channels set in`));
  }
  return parts;
}

function spiceTuningParts(graphics: SpiceGraphics): readonly string[] {
  const parts: string[] = [];
  const put = (name: string, value: string | undefined) => {
    if (value !== undefined) parts.push(`${name}=${value}`);
  };
  put("image-compression", graphics.image);
  put("jpeg-wan-compression", graphics.jpeg);
  put("zlib-glz-wan-compression", graphics.zlib);
  put("playback-compression", graphics.playback);
  put("streaming-video", graphics.streaming);
  if (graphics.clipboard === "no") put("disable-copy-paste", "on");
  if (graphics.filetransfer === "no") put("disable-agent-file-xfer", "on");
  if (graphics.gl?.enable === "yes") {
    put("gl", "on");
    put("rendernode", graphics.gl.rendernode === undefined ? undefined : escapeComma(graphics.gl.rendernode));
  }
  return parts;
}

function dbusArgs(build: Build, graphics: DbusGraphics): void {
  const parts = ["dbus", graphics.p2p === true ? "p2p=on" : `addr=${escapeComma(graphics.address ?? "")}`];
  if (graphics.gl?.enable !== undefined) parts.push(`gl=${yesToOn(graphics.gl.enable)}`);
  const audio = (graphics.audioId ?? 0) > 0 ? `,audiodev=${audioId(build.domain, graphics.audioId)}` : "";
  build.args.add("-display", `${parts.join(",")}${rendernodePart(graphics.gl?.rendernode)}${audio}`);
}
