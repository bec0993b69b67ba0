import { stat } from "node:fs/promises";
import type { Domain as Config } from "@polyvisor/sdk/conf/domain";
import type { UsedDevice } from "../bundle/devices.js";

/** The numbers of a device as the kernel puts them into one. */
const MINOR_LOW = 0xff;

/** The devices of the host that a container's configuration names, as far as they are there. */
export async function usedDevices({ devices }: Config): Promise<UsedDevice[]> {
  const blocks = devices.filesystems.flatMap(({ source, readonly }) =>
    source.type === "block" ? [{ path: source.dev, access: readonly === true ? "r" : "rw" }] : [],
  );
  const found = await Promise.all(blocks.map(({ path, access }) => deviceAt(path, access)));
  return found.filter((each) => each !== undefined);
}

/** Everything below /dev is the kernel's, and answers at once. */
async function deviceAt(path: string, access: string): Promise<UsedDevice | undefined> {
  if (!path.startsWith("/dev/")) return undefined;
  const status = await stat(path).catch(() => undefined);
  if (status === undefined || !(status.isBlockDevice() || status.isCharacterDevice())) return undefined;
  const { rdev } = status;
  const [major, minor] = [(rdev >> 8) & 0xfff, (rdev & MINOR_LOW) | ((rdev >> 12) & 0xfff00)];
  return { type: status.isBlockDevice() ? "b" : "c", major, minor, access };
}
