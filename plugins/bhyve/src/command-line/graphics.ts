import type { Domain, Graphics, GraphicsListen, Video } from "@polyvisor/sdk/conf/domain";
import type { BhyveFeature } from "../conf/features.js";
import { bhyveError, unsupported } from "../errors.js";
import { plainWord, slotOf } from "./words.js";

const FIRST_PORT = 5900;
const LAST_PORT = 65_535;

/** The screen of a guest, if it has one; `port`: where VNC listens if that was to be chosen. */
export function graphicsSlots(domain: Domain, features: ReadonlySet<BhyveFeature>, port: number): readonly string[] {
  const { graphics, videos } = domain.devices;
  const [first, video] = [graphics[0], videos[0]];
  if (first === undefined || video === undefined) return [];
  if (graphics.length > 1 || videos.length > 1) unsupported("Multiple graphics devices are not supported");
  checkHost(domain, features);
  return [screen(first, video, { features, port })];
}

function checkHost({ bootloader, os }: Domain, features: ReadonlySet<BhyveFeature>): void {
  if (!features.has("bootrom") || bootloader !== undefined || os.loader === undefined)
    unsupported("Graphics are only supported when booting using UEFI", "use <os firmware='efi'>");
  if (!features.has("fbuf")) unsupported("Bhyve version does not support framebuffer");
}

function screen(
  graphics: Graphics,
  video: Video,
  { features, port }: { readonly features: ReadonlySet<BhyveFeature>; readonly port: number },
): string {
  if (graphics.type !== "vnc") unsupported("Only VNC supported");
  const { auth, autoport, listens } = graphics;
  const chosen = autoport ? port : (graphics.port ?? 0);
  if (!autoport && (chosen < FIRST_PORT || chosen > LAST_PORT))
    unsupported(`vnc port must be in range [${FIRST_PORT},${LAST_PORT}]`, "or use autoport='yes'");
  const { slot, function: fn } = slotOf(video);
  return `${slot}:${fn},fbuf,tcp=${addressOf(listens[0])}:${chosen}${password(auth?.passwd, features)}${view(video)}`;
}

function addressOf(listen: GraphicsListen | undefined): string {
  if (listen === undefined) throw bhyveError("INTERNAL_ERROR", "Missing listen element");
  if (listen.type !== "address" && listen.type !== "network") unsupported("Unsupported listen type", "use an address");
  const address = plainWord(listen.address ?? "", "listen address");
  return address.includes(":") ? `[${address}]` : address;
}

function password(text: string | undefined, features: ReadonlySet<BhyveFeature>): string {
  if (text === undefined) return "";
  if (!features.has("vnc-password")) unsupported("VNC Password authentication not supported by bhyve");
  if (text.includes(",")) unsupported("Password may not contain ',' character");
  return `,password=${text}`;
}

function view({ model, driver }: Video): string {
  const { resolution } = model;
  const size = resolution === undefined ? "" : `,w=${resolution.x},h=${resolution.y}`;
  return driver === undefined ? size : `${size},vga=${driver.vgaconf ?? "io"}`;
}
