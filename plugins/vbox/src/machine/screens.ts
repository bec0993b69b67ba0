import type { Graphics, Video } from "@polyvisor/sdk/conf/domain";
import type { MachineInfo } from "./info.js";

/** The keys of a machine's extra data under which libvirt keeps what a guest is shown with. */
export const FRONTEND = { type: "FRONTEND/Type", display: "FRONTEND/Display" } as const;

/** What libvirt has kept of a machine. */
export interface Frontend {
  readonly type: string | undefined;
  readonly display: string | undefined;
}

export function readVideo(info: MachineInfo): Video {
  return {
    kind: "video",
    model: {
      type: "vbox",
      vram: info.number("vram", 8) * 1024,
      heads: info.number("monitorcount", 1),
      acceleration: {
        accel3d: info.isOn("accelerate3d") ? "yes" : "no",
        accel2d: info.isOn("accelerate2dvideo") ? "yes" : "no",
      },
    },
  };
}

export function videoWords(videos: readonly Video[]): string[] {
  const [video] = videos;
  if (video?.model.type !== "vbox") return [];
  const { vram, heads, acceleration } = video.model;
  return [
    "--vram",
    String(Math.ceil((vram ?? 8192) / 1024)),
    "--monitorcount",
    String(heads ?? 1),
    "--accelerate3d",
    acceleration?.accel3d === "yes" ? "on" : "off",
  ];
}

/** A machine of which nobody said how it is shown has a window. */
export function readGraphics(info: MachineInfo, { type, display }: Frontend): Graphics[] {
  const shown: Graphics[] =
    type === "vrdp"
      ? []
      : [{ kind: "graphics", type: type === "sdl" ? "sdl" : "desktop", ...(display && { display }) }];
  if (!info.isOn("vrde")) return shown;
  // A machine that is off has the ports that it may take, a running one the port that it has.
  const port = info.number("vrdeport", info.number("vrdeports", 0));
  const address = info.text("vrdeaddress");
  return [
    ...shown,
    {
      kind: "graphics",
      type: "rdp",
      autoport: port <= 0,
      ...(port > 0 && { port }),
      ...(info.isOn("vrdereusecon") && { replaceUser: true }),
      ...(info.isOn("vrdemulticon") && { multiUser: true }),
      listens: [{ type: "address", ...(address && { address }) }],
    },
  ];
}

/** The words of `modifyvm` for what a guest is shown with. */
export function graphicsWords(graphics: readonly Graphics[]): string[] {
  const rdp = graphics.find((each) => each.type === "rdp");
  if (rdp?.type !== "rdp") return ["--vrde", "off"];
  const [listen] = rdp.listens;
  return [
    ...["--vrde", "on", "--vrdeport", rdp.port === undefined ? "default" : String(rdp.port)],
    ...["--vrdemulticon", rdp.multiUser ? "on" : "off", "--vrdereusecon", rdp.replaceUser ? "on" : "off"],
    ...(listen?.type === "address" && listen.address ? ["--vrdeaddress", listen.address] : []),
  ];
}

/** What is to be kept of it: a window where there is one, and where nothing is said. */
export function frontendOf(graphics: readonly Graphics[]): Frontend {
  const desktop = graphics.find((each) => each.type === "desktop");
  const sdl = graphics.find((each) => each.type === "sdl");
  if (desktop?.type === "desktop") return { type: "gui", display: desktop.display };
  if (sdl?.type === "sdl") return { type: "sdl", display: sdl.display };
  return { type: graphics.some((each) => each.type === "rdp") ? "vrdp" : "gui", display: undefined };
}
