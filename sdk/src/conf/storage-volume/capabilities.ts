import { attr, XmlWriter } from "../../xml/index.js";
import { POOL_FORMATS, STORAGE_POOL_TYPES, type StoragePoolType } from "../storage-pool/types.js";
import { type VolumeFormats, volumeFormatsOf } from "./formats.js";

/** What pools there are and what their sources and volumes can be, as `virsh pool-capabilities` shows it. */
export function formatStoragePoolCapabilities(supported: ReadonlySet<StoragePoolType>): string {
  const w = new XmlWriter();
  const poolFormats: Partial<Record<StoragePoolType, Formats>> = POOL_FORMATS;
  w.block("storagepoolCapabilities", "", () => {
    for (const type of STORAGE_POOL_TYPES) {
      w.block("pool", attr("type", type) + attr("supported", supported.has(type) ? "yes" : "no"), () => {
        const volumes = volumeFormatsOf(type);
        formatOptions(w, "pool", "source", poolFormats[type]);
        formatOptions(w, "vol", "target", volumes && shownFormats(type, volumes));
      });
    }
  });
  return w.toString();
}

interface Formats {
  readonly words: readonly string[];
  readonly fallback: string;
}

/** libvirt lists `none`, which no volume takes, for files too, and nothing at all for RBD. */
function shownFormats(type: StoragePoolType, { words, fallback }: VolumeFormats): Formats {
  if (type === "rbd") return { words: [], fallback };
  return { words: words.includes("none") ? words : ["none", ...words], fallback };
}

function formatOptions(w: XmlWriter, what: string, format: string, formats: Formats | undefined): void {
  if (formats === undefined) return;
  w.block(`${what}Options`, "", () => {
    w.empty("defaultFormat", attr("type", formats.fallback));
    w.block("enum", attr("name", `${format}FormatType`), () => {
      for (const word of formats.words) w.leaf("value", word);
    });
  });
}
