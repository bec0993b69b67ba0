import { dirname, isAbsolute, join } from "node:path";
import {
  type BackingStore,
  type Disk,
  type Domain as DomainConfig,
  mapDevices,
  type StorageFormat,
} from "@polyvisor/sdk/conf/domain";
import { qemuError } from "../errors.js";
import { type FileGroup, noGroup } from "../file-groups.js";
import { type AskUser, type Probe, probeFiles } from "./probe-files.js";
import { readQcow2Header } from "./qcow2.js";

/** Where a qcow2 image keeps its backing file's name is within its first cluster. */
const HEAD_BYTES = 65536;
const MAX_DEPTH = 200;
/**
 * The configuration with every disk's chain of images looked up, so that the emulator opens exactly what we say.
 * Fails where an image is missing; a removable drive that may be empty is emptied instead. `askUser` says who the guest will
 * be: servers may let it read what they refuse to root.
 */
export async function withImageChains(
  config: DomainConfig,
  groupOf: (name: string) => FileGroup = noGroup,
  askUser?: AskUser,
): Promise<DomainConfig> {
  const disks = config.devices.disks.filter((disk) => pathOf(disk, groupOf) !== undefined);
  const paths = disks.map((disk) => pathOf(disk, groupOf) ?? "");
  const probes = await probeFiles(paths, disks.some(needsChain) ? HEAD_BYTES : 0, askUser);
  const found = new Map<Disk, Disk>();
  for (const [index, disk] of disks.entries()) {
    found.set(disk, await withChain(disk, nameOf(disk), probes[index] ?? { error: "it cannot be read" }, askUser));
  }
  return mapDevices(config, { disk: (disk) => found.get(disk) ?? disk });
}

/** Where an image can be read: one that a client has opened under its descriptor. Fails where there is none of that name. */
function pathOf({ source }: Disk, groupOf: (name: string) => FileGroup): string | undefined {
  if (source.type === "block") return source.path;
  if (source.type !== "file") return undefined;
  if (source.fdgroup === undefined) return source.path;
  const [descriptor] = groupOf(source.fdgroup).descriptors;
  return descriptor === undefined ? source.path : `/proc/${process.pid}/fd/${descriptor.fd}`;
}

/** What an image is called, and relative to what its backing file is. */
function nameOf({ source }: Disk): string {
  return source.type === "file" || source.type === "block" ? (source.path ?? "") : "";
}

function formatOf(disk: Disk): StorageFormat {
  return disk.driver?.type ?? "raw";
}

function needsChain(disk: Disk): boolean {
  return disk.backingStore === undefined && formatOf(disk) === "qcow2";
}

async function withChain(disk: Disk, path: string, probed: Probe, askUser?: AskUser): Promise<Disk> {
  if ("error" in probed) {
    if (disk.source.type === "file" && disk.source.startupPolicy === "optional") {
      return { ...disk, source: { type: "file", startupPolicy: "optional" } };
    }
    throw missing(path, probed.error);
  }
  if (disk.backingStore !== undefined) return disk;
  if (formatOf(disk) === "raw") return { ...disk, backingStore: { kind: "end" } };
  if (formatOf(disk) !== "qcow2") return disk;
  return { ...disk, backingStore: await chainBelow(path, probed.head, 0, askUser) };
}

async function chainBelow(path: string, head: Buffer, depth: number, askUser?: AskUser): Promise<BackingStore> {
  const header = readQcow2Header(head);
  if (header === undefined)
    throw qemuError("INTERNAL_ERROR", `the header of image '${path}' is not that of a qcow2 image`);
  if (header.backingFile === undefined) return { kind: "end" };
  if (depth > MAX_DEPTH) throw qemuError("OPERATION_UNSUPPORTED", "too many images in the backing chain");
  const below = backingPath(path, header.backingFile);
  const format = header.backingFormat;
  if (format !== "qcow2" && format !== "raw") throw unknownFormat(below, path, format);
  const [probed = { error: "it cannot be read" }] = await probeFiles(
    [below],
    format === "qcow2" ? HEAD_BYTES : 0,
    askUser,
  );
  if ("error" in probed) throw missing(below, probed.error);
  const source = { type: "file", path: below } as const;
  const backingStore =
    format === "raw" ? ({ kind: "end" } as const) : await chainBelow(below, probed.head, depth + 1, askUser);
  return { kind: "image", format, source, backingStore };
}

function backingPath(path: string, backing: string): string {
  if (backing.startsWith("json:") || /^[a-z][a-z0-9+.-]*:/.test(backing)) {
    throw qemuError("CONFIG_UNSUPPORTED", `backing image '${backing}' of '${path}' is not a local file`, {
      hint: "spell the chain out with <backingStore>",
    });
  }
  return isAbsolute(backing) ? backing : join(dirname(path), backing);
}

function missing(path: string, reason: string): Error {
  return qemuError("SYSTEM_ERROR", `Cannot access storage file '${path}': ${reason}`, {
    hint: "look at the disk's <source>, or give it startupPolicy='optional'",
  });
}

function unknownFormat(below: string, path: string, format: string | undefined): Error {
  if (format !== undefined) {
    return qemuError("CONFIG_UNSUPPORTED", `format '${format}' of backing image '${below}' is not supported yet`);
  }
  return qemuError(
    "OPERATION_INVALID",
    `format of backing image '${below}' of image '${path}' was not specified in the image metadata`,
    { hint: "set it with: qemu-img rebase -u -b FILE -F FORMAT IMAGE" },
  );
}
