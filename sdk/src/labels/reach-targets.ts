import type { SecurityTarget } from "@polyvisor/core";
import type { Device, Graphics, Shmem } from "../conf/domain/index.js";
import { target } from "./target.js";

/**
 * What a device leads to that bears no label for it, such as folders that the host gives to see or sockets of other programs:
 * drivers that label files leave it alone, one that lists what a guest may open must name it.
 */
export function reachTargets(device: Device): readonly SecurityTarget[] {
  switch (device.kind) {
    case "filesystem": {
      const { driver, source, readonly = false } = device;
      const isOpenedByGuest = (driver?.type ?? "path") === "path";
      return isOpenedByGuest && source.type === "mount" && source.dir !== undefined
        ? [reach("export", source.dir, readonly)]
        : [];
    }
    case "interface":
      return device.source.type === "vhostuser" ? [reach("reach", device.source.path)] : [];
    case "graphics":
      return graphicsTargets(device);
    case "shmem":
      return [reach("reach", sharedMemory(device))];
    case "smartcard":
      return device.mode === "host-certificates" ? [reach("export", device.database ?? CERTIFICATES, true)] : [];
    case "serial":
    case "parallel":
    case "channel":
    case "console":
      return device.source.type === "pty" && device.source.path !== undefined
        ? [reach("reach", device.source.path)]
        : [];
    default:
      return [];
  }
}

/** Where NSS keeps them, unless the configuration says another place. */
const CERTIFICATES = "/etc/pki/nssdb";

/** Sockets of screens are made by the guest, most of the time. */
function graphicsTargets(device: Graphics): readonly SecurityTarget[] {
  const sockets = "listens" in device ? device.listens : [];
  const paths = sockets.flatMap((each) => (each.type === "socket" && each.socket !== undefined ? [each.socket] : []));
  const key = device.type === "sdl" && device.xauth !== undefined ? [reach("reach", device.xauth, true)] : [];
  return [...paths.map((path) => reach("reach", path)), ...nodeOf(device), ...key];
}

function nodeOf(device: Graphics): readonly SecurityTarget[] {
  const node =
    device.type === "egl-headless"
      ? device.rendernode
      : "gl" in device && typeof device.gl === "object"
        ? device.gl.rendernode
        : undefined;
  return node === undefined ? [] : [reach("reach", node)];
}

function sharedMemory({ name, model, server }: Shmem): string {
  if (server?.path !== undefined) return server.path;
  return model === "ivshmem-plain" ? `/dev/shm/${name}` : `/var/lib/libvirt/shmem-${name}-sock`;
}

function reach(kind: "reach" | "export", path: string, readOnly = false): SecurityTarget {
  return target(kind, path, { readOnly, optional: true });
}
