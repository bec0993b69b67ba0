import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { EMULATOR } from "@polyvisor/sdk/testkit";

/**
 * Machine code of a boot sector: at each tick of the clock, 18 times a second, it says a letter, how often it has done so in
 * eight hexadecimal digits, and a newline on the first serial port.
 */
const COUNTER = Buffer.from(
  "31c08ed88ed0bc007c6631c9fbf46641b041e823006689cbbe080066c1c30488d8240f04303c3976020427e80a004e75eab00ae80200ebd488c4bafd" +
    "03eca82074fb88e0baf803eec3",
  "hex",
);
/** Where its letter stands. */
const LETTER = 17;
const DISK_BYTES = 1 << 20;

/**
 * Two guests that want the same disk, and a second disk that is plugged into the first of them.
 *
 * @typedef {object} Guests
 * @property {string} hero the document of the guest to which it all happens
 * @property {string} rival one that must never run beside it
 * @property {string} further a disk for hot-plug
 * @property {string} first the file of the disk that both want
 * @property {string} second the file of the further one
 * @property {string} console the log of the hero's serial port
 */

/** @returns {Promise<Guests>} */
export async function makeGuests(root) {
  const [first, second] = [join(root, "first.img"), join(root, "second.img")];
  const image = Buffer.alloc(DISK_BYTES);
  COUNTER.copy(image);
  image.write("H", LETTER);
  image.writeUInt16BE(0x55aa, 510);
  await writeFile(first, image);
  await writeFile(second, Buffer.alloc(DISK_BYTES));
  const console = join(root, "var/log/libvirt/qemu/hero-console.log");
  return {
    hero: document(
      "hero",
      [disk(first, "vda")],
      // A disk there goes at once, without a system in the guest that lets go of it.
      `<controller type='scsi' model='virtio-scsi'/><serial type='null'><log file='${console}' append='on'/></serial>`,
    ),
    rival: document("rival", [disk(first, "vda")]),
    further: disk(second, "sda"),
    first,
    second,
    console,
  };
}

function disk(path, target) {
  return `<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='${path}'/><target dev='${target}' bus='${target === "sda" ? "scsi" : "virtio"}'/></disk>`;
}

function document(name, disks, further = "") {
  return `<domain type='qemu'><name>${name}</name><memory unit='MiB'>32</memory><os><type arch='x86_64'>hvm</type></os>
<devices><emulator>${EMULATOR}</emulator>${disks.join("")}${further}<memballoon model='none'/></devices></domain>`;
}
