import { VirtError } from "@polyvisor/core";
import type { Domain as Config, Filesystem } from "@polyvisor/sdk/conf/domain";
import type { RootFacts } from "./inspect.js";

/**
 * The file system that is the container's root. A container without one would have the host's, and run the host's init: fails
 * with `CONFIG_UNSUPPORTED`.
 */
export function rootOf(config: Config): Filesystem {
  const root = config.devices.filesystems.find(({ target }) => target !== undefined && /^\/+$/.test(target));
  if (root !== undefined) return root;
  throw refusal(
    "the container has no root file system of its own",
    "give it <filesystem type='mount'><source dir='...'/><target dir='/'/></filesystem>",
  );
}

/** Fails with `CONFIG_UNSUPPORTED` where the folder is the host's own root, whatever its name. */
export function checkRoot({ path, isHosts }: Pick<RootFacts, "path" | "isHosts">): void {
  if (path !== "/" && !isHosts) return;
  throw refusal(
    "the root file system of the container is the host's own",
    "its init would run as the host's: use a folder with files of the container's alone",
  );
}

/** As `checkRoot`, for a device: `device` and `hostDevice` are the numbers of the device and of the file system of `/`. */
export function checkRootDevice(device: number, hostDevice: number): void {
  if (device !== hostDevice) return;
  throw refusal("the root file system of the container is the host's own", "use a device of the container's alone");
}

function refusal(detail: string, hint: string): VirtError {
  return new VirtError("CONFIG_UNSUPPORTED", detail, { domain: "LXC", hint });
}
