import type { Filesystem, Graphics, Video } from "@polyvisor/sdk/conf/domain";
import type { VmxEntries } from "./entries.js";

const VRAM_DEFAULT = 4 * 1024 * 1024;

export function parseVideo(entries: VmxEntries): Video {
  const bytes = entries.number("svga.vramSize", VRAM_DEFAULT);
  return { kind: "video", model: { type: "vmvga", vram: Math.ceil(bytes / 1024) } };
}

export function parseVnc(entries: VmxEntries): readonly Graphics[] {
  if (!entries.boolean("RemoteDisplay.vnc.enabled", false)) return [];
  const port = entries.number("RemoteDisplay.vnc.port", -1);
  const passwd = entries.string("RemoteDisplay.vnc.password");
  const common = {
    kind: "graphics",
    type: "vnc",
    keymap: entries.string("RemoteDisplay.vnc.keymap"),
    auth: passwd === undefined ? undefined : { passwd },
    listens: [{ type: "address", address: entries.string("RemoteDisplay.vnc.ip") }],
  } as const;
  return [port < 0 ? { ...common, autoport: true } : { ...common, autoport: false, port }];
}

/** Folders that the host shares with the guest. */
export function parseSharedFolders(entries: VmxEntries): readonly Filesystem[] {
  if (entries.boolean("isolation.tools.hgfs.disable", true)) return [];
  const count = Math.min(entries.number("sharedFolder.maxNum", 0), MOST_FOLDERS);
  const folders: Filesystem[] = [];
  for (let number = 0; number < count; number++) {
    const prefix = `sharedFolder${number}`;
    const present = entries.boolean(`${prefix}.present`, false);
    const enabled = entries.boolean(`${prefix}.enabled`, false);
    if (!present || !enabled) continue;
    folders.push({
      kind: "filesystem",
      accessmode: "passthrough",
      source: { type: "mount", dir: entries.required(`${prefix}.hostPath`) },
      target: entries.required(`${prefix}.guestName`),
      readonly: entries.boolean(`${prefix}.writeAccess`, false) ? undefined : true,
    });
  }
  return folders;
}

/** More of them nobody looks for, whatever a file says. */
const MOST_FOLDERS = 65_536;
