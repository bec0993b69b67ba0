// What a start costs when leases are taken and a log daemon holds the guest's output: each daemon with its own lock daemon
// and log daemon, which speak the same protocols.
import { chown, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { makeDefinitionsFolder } from "./peers.mjs";
import { guestFile } from "./setup.mjs";

const MACHINE = "pc";
const OURS = 'lock_manager = "lock-lockd"\nlog_manager = "log-logd"\n';
const LIBVIRTS = 'lock_manager = "lockd"\nstdio_handler = "logd"\n';
const DISK_BYTES = 1 << 20;
const NOBODY = 65534;

/**
 * @param {{ client: Function }} tools
 * @returns {import("./measures.mjs").Measure}
 */
export function locksMeasure({ client }) {
  return {
    name: "locks",
    group: "qemu",
    async peer({ name }, { programs, effort, folder, starters }) {
      const place = join(folder, `locks-${name}`);
      const definitions = await makeDefinitionsFolder(name, place);
      if (name === "libvirtd") await writeFile(join(dirname(definitions), "qemu.conf"), LIBVIRTS);
      const guest = await writeGuest(place);
      const peer = await starters[name](place, OURS);
      try {
        return await client(programs.vbench, "qemu", peer.qemuUri, guest, effort.starts);
      } finally {
        await peer.stop();
      }
    },
  };
}

/** A guest with a disk: without one there is nothing to hold. */
async function writeGuest(place) {
  const disk = join(place, "home", "disk.img");
  const guest = join(place, "guest.xml");
  await mkdir(dirname(disk), { recursive: true });
  await writeFile(disk, Buffer.alloc(DISK_BYTES));
  if (process.getuid() === 0) await chown(disk, NOBODY, NOBODY);
  const element = `<disk type='file'><driver name='qemu' type='raw'/><source file='${disk}'/><target dev='vda' bus='virtio'/></disk>`;
  const xml = await readFile(guestFile(MACHINE), "utf8");
  await writeFile(guest, xml.replace("</devices>", `${element}</devices>`).replace("bench-pc", "bench-locks"));
  return guest;
}
