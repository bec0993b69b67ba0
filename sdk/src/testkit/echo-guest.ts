import { access, chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** The emulator that guests of tests run in. */
export const EMULATOR = "/usr/bin/qemu-system-x86_64";

/** Whether guests can be run. Tests that need one skip themselves by name where they cannot. */
export async function hasEmulator(): Promise<boolean> {
  try {
    await access(EMULATOR);
    return true;
  } catch {
    return false;
  }
}

/**
 * Machine code of a boot sector: wait until the first serial port (0x3f8) has a byte, read it, write it back, and again.
 */
const ECHO = Buffer.from("fabafd03eca80174fbbaf803eceeebf1", "hex");

/** Firmware passes over disks that are smaller. */
const DISK_BYTES = 1 << 20;

/**
 * A guest without an operating system that sends back what is typed on its console: ready a second after its start.
 * Makes its disk in `folder`, readable for the daemon's user, and returns its document.
 */
export async function echoGuest(folder: string, name: string): Promise<string> {
  const disk = join(folder, `${name}.img`);
  const image = Buffer.alloc(DISK_BYTES);
  ECHO.copy(image);
  image.writeUInt16BE(0x55aa, 510);
  await writeFile(disk, image);
  await chmod(disk, 0o666);
  return `<domain type='qemu'>
  <name>${name}</name>
  <memory>65536</memory>
  <os><type>hvm</type></os>
  <devices>
    <emulator>${EMULATOR}</emulator>
    <disk type='file'>
      <driver name='qemu' type='raw'/>
      <source file='${disk}'/>
      <target dev='vda' bus='virtio'/>
    </disk>
    <serial type='pty'/>
  </devices>
</domain>
`;
}
