import { readFile } from "node:fs/promises";

/** `struct utmp` of Linux: 384 bytes, the type in the first two, the seconds in four at 340. */
const RECORD = 384;
const BOOT_TIME = 2;
const SECONDS = 340;

/**
 * The second since 1970 in which this host was started, as libvirt has it: from the login records. Where there are none,
 * libvirt reckons it from the uptime at its own start, and may be a second off what the kernel says.
 */
export async function bootTime(): Promise<number> {
  const records = await readFile("/run/utmp").catch(() => Buffer.alloc(0));
  for (let at = 0; at + RECORD <= records.length; at += RECORD) {
    const view = new DataView(records.buffer, records.byteOffset + at, RECORD);
    if (view.getInt16(0, true) === BOOT_TIME && view.getInt32(SECONDS, true) > 0) return view.getInt32(SECONDS, true);
  }
  return Number(/^btime (\d+)$/m.exec(await readFile("/proc/stat", "utf8"))?.[1] ?? 0);
}
