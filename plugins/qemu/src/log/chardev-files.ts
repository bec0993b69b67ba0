import { closeAll, type Descriptor } from "@polyvisor/core";
import { allDevices, type ChardevSource, type Device, type Domain as DomainConfig } from "@polyvisor/sdk/conf/domain";
import type { QemuDomain } from "../domain.js";
import type { Hypervisor } from "../hypervisor.js";
import type { LogClient } from "../services/index.js";
import { DRIVER, type LogOwner, ownerOf } from "./managed-log.js";
import { openBeside } from "./open-beside.js";

/** A file of a character device: what its guest writes, or a log of all that passes through it. */
export interface ChardevFile {
  readonly alias: string;
  readonly part: "source" | "log";
  readonly path: string;
  /** What the file held stays. */
  readonly appends: boolean;
}

export interface OpenedFile extends ChardevFile {
  readonly descriptor: Descriptor;
}

/**
 * Opens the files of a guest's character devices at the host's log manager, which keeps them small and lets a guest write
 * to them that could not open them itself. Where the host has none, they are opened for a guest that is not who we are, and
 * any other opens them itself: then there are none.
 *
 * @param isOther asked where there is no log manager
 */
export async function openChardevFiles(
  hypervisor: Hypervisor,
  domain: QemuDomain,
  files: readonly ChardevFile[],
  isOther: () => Promise<boolean>,
): Promise<readonly OpenedFile[]> {
  if (files.length === 0) return [];
  const manager = await hypervisor.services.log();
  if (manager === undefined && !(await isOther())) return [];
  const { guest } = ownerOf(hypervisor, domain);
  const opened: OpenedFile[] = [];
  try {
    for (const file of files) {
      const descriptor = await (manager === undefined ? openBeside(file) : openManaged(manager, guest, file));
      opened.push({ ...file, descriptor });
    }
    return opened;
  } catch (error) {
    closeAll(opened.map(({ descriptor }) => descriptor));
    throw error;
  }
}

/** The files of all character devices that are the emulator's own. */
export function chardevFiles(config: DomainConfig): ChardevFile[] {
  return allDevices(config).flatMap(filesOfDevice);
}

/** The files of one device; none of one that is no character device. */
export function filesOfDevice(device: Device): ChardevFile[] {
  const { alias, source } = portOf(device) ?? {};
  if (source === undefined || alias === undefined) return [];
  const { log } = source;
  return [
    ...(source.type === "file" && source.path !== undefined
      ? [{ alias, part: "source", path: source.path, appends: source.append === "on" } as const]
      : []),
    ...(log === undefined ? [] : [{ alias, part: "log", path: log.file, appends: log.append === "on" } as const]),
  ];
}

interface Port {
  readonly alias?: string | undefined;
  readonly source: ChardevSource;
}

function portOf(device: Device): Port | undefined {
  switch (device.kind) {
    case "serial":
    case "parallel":
    case "channel":
    case "redirdev":
      return device;
    case "console":
      // One for a serial port is that port.
      return device.target.type === "serial" ? undefined : device;
    case "smartcard":
      return device.mode === "passthrough" ? device : undefined;
    case "rng":
      return device.backend.model === "egd" ? { alias: device.alias, source: device.backend.source } : undefined;
    default:
      return undefined;
  }
}

function openManaged(
  manager: LogClient,
  guest: LogOwner["guest"],
  { path, appends }: ChardevFile,
): Promise<Descriptor> {
  return manager.openLogFile({ driver: DRIVER, guest, path, truncate: appends ? 0 : 1 });
}
