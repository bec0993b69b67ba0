import type { ConfFolders } from "../conf/index.js";

/** The folders of the driver that the data was made with. */
export const FOLDERS: ConfFolders = {
  nvram: "/var/lib/libvirt/qemu/nvram",
  channels: "/tmp/channel",
};
