import type { Domain, VideoType } from "@polyvisor/sdk/conf";
import { refuse } from "../errors.js";
import { type JsonObject, truth } from "./json.js";

const CARDS: Partial<
  Readonly<Record<VideoType, { readonly kind: string; readonly least: number; readonly name: string }>>
> = {
  vga: { kind: "std", least: 16, name: "VGA" },
  xen: { kind: "std", least: 16, name: "VGA" },
  cirrus: { kind: "cirrus", least: 8, name: "CIRRUS" },
  qxl: { kind: "qxl", least: 128, name: "QXL" },
};

export interface VideoCard {
  readonly kind: string;
  /** MiB. */
  readonly memory: number;
}

/** The first card, which shows the first screen; undefined for none. Throws a card that Xen does not have. */
export function videoCard({ devices }: Domain): VideoCard | undefined {
  const [video] = devices.videos;
  if (video === undefined) return undefined;
  const { type = "cirrus", vram = 0 } = video.model;
  const card = CARDS[type];
  if (card === undefined) {
    const hint = `Use one of ${Object.keys(CARDS).join(", ")}.`;
    return refuse("CONFIG_UNSUPPORTED", `video type ${type} is not supported by libxl`, hint, "LIBXL");
  }
  const memory = vram / 1024;
  if (memory < card.least) {
    const words = `videoram must be at least ${card.least}MB for ${card.name}`;
    refuse("CONFIG_UNSUPPORTED", words, "Raise vram.", "LIBXL");
  }
  return { kind: card.kind, memory };
}

export function videoInfo(domain: Domain): { readonly memory: JsonObject; readonly card: JsonObject } {
  const card = videoCard(domain);
  if (card === undefined) return { memory: {}, card: { nographic: truth(true), vga: { kind: "none" } } };
  return { memory: { video_memkb: card.memory * 1024 }, card: { vga: { kind: card.kind } } };
}
