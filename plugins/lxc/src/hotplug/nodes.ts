import { fileURLToPath } from "node:url";
import { VirtError } from "@polyvisor/core";
import { type DeviceRule, findNode } from "@polyvisor/sdk/cgroup";
import type { Disk, Hostdev } from "@polyvisor/sdk/conf/domain";
import { runHelper } from "@polyvisor/sdk/process";
import type { Container } from "../container/container.js";

const PROGRAM = fileURLToPath(new URL("./place-node.js", import.meta.url));
/** In milliseconds. */
const DEADLINE = 30_000;
export const NODE_MODE = 0o700;
const S_IFBLK = 0o060000;
const S_IFCHR = 0o020000;

/** A device's node: where it is on the host, where in the container, and what may be done with it there. */
export interface WantedNode {
  readonly host: string;
  readonly inside: string;
  readonly type: "block" | "char";
  readonly access: DeviceRule["access"];
}

/** What a container may use before and after a change. */
export interface RuleChange {
  readonly before: readonly DeviceRule[];
  readonly after: readonly DeviceRule[];
}

/** The node of a disk. Fails for one that is no block device of this host. */
export function nodeOfDisk({ source, target, readonly }: Disk): WantedNode {
  if (!("path" in source) || source.path === undefined)
    throw unsupported("Can't setup disk without media", "give the disk a source");
  if (source.type !== "block")
    throw unsupported("Can't setup disk for non-block device", "a container can use a block device of the host");
  const access = readonly === true ? "r" : "rw";
  return { host: source.path, inside: `/dev/${target.dev}`, type: "block", access };
}

/** The node of a device of the host. Fails for one that has none, or that is not said by its place. */
export function nodeOfHostdev({ source }: Hostdev): WantedNode {
  if (source.type === "storage") return { host: source.block, inside: source.block, type: "block", access: "rw" };
  if (source.type === "misc") return { host: source.char, inside: source.char, type: "char", access: "rw" };
  if (source.type !== "usb")
    throw unsupported(`Unsupported host device type ${source.type}`, "storage, misc, net and usb are known");
  if (source.bus === undefined || source.device === undefined)
    throw unsupported("USB device of a container without its address", "say <address bus= device=>: see lsusb");
  const path = `/dev/bus/usb/${threeDigits(source.bus)}/${threeDigits(source.device)}`;
  return { host: path, inside: path, type: "char", access: "rw" };
}

/** The container may use what `after` has, and has the device's node. Where it fails neither is so. */
export async function addNode(container: Container, wanted: WantedNode, { before, after }: RuleChange): Promise<void> {
  const { host, inside, type } = wanted;
  const node = await findNode(host);
  if (node === undefined)
    throw new VirtError("SYSTEM_ERROR", `Unable to access ${host}: No such file or directory`, {
      domain: "LXC",
      hint: "the device is not on this host",
    });
  if (node.type !== type) {
    const kind = type === "block" ? "block" : "character";
    throw unsupported(`Device source ${host} must be a ${kind} device`, `it is a ${node.type} device`);
  }
  await allow(container, after, before);
  try {
    const mode = NODE_MODE | (type === "block" ? S_IFBLK : S_IFCHR);
    await place(["add", String(container.initPid), inside, String(mode), String(node.rdev)], inside);
  } catch (error) {
    await allow(container, before, after);
    throw error;
  }
}

/** Neither is so any more. A node that the container has removed itself does no harm. */
export async function removeNode(
  container: Container,
  { inside }: WantedNode,
  { before, after }: RuleChange,
): Promise<void> {
  await place(["remove", String(container.initPid), inside], inside);
  await allow(container, after, before);
}

async function allow({ cgroup }: Container, is: readonly DeviceRule[], was: readonly DeviceRule[]): Promise<void> {
  if (!cgroup.has("devices"))
    throw new VirtError("OPERATION_INVALID", "devices cgroup isn't mounted", { domain: "LXC" });
  await cgroup.setDevices(is, was);
}

async function place(words: readonly string[], inside: string): Promise<void> {
  const { status, stderr } = await runHelper([process.execPath, PROGRAM, ...words], { deadline: DEADLINE });
  if (status === 0) return;
  const what = words[0] === "add" ? "create" : "remove";
  throw new VirtError(
    "SYSTEM_ERROR",
    `Unable to ${what} device ${inside}: ${REASONS[stderr.trim()] ?? stderr.trim()}`,
    {
      domain: "LXC",
      hint: "something of that name may be in the container already",
    },
  );
}

const REASONS: Readonly<Record<string, string>> = {
  EEXIST: "File exists",
  ENOENT: "No such file or directory",
  EROFS: "Read-only file system",
  ENOTDIR: "Not a directory",
};

function threeDigits(number: number): string {
  return String(number).padStart(3, "0");
}

export function unsupported(detail: string, hint: string): VirtError {
  return new VirtError("CONFIG_UNSUPPORTED", detail, { domain: "LXC", hint });
}
