import type { Domain, MemoryDevice } from "@polyvisor/sdk/conf";
import { addressProps } from "./address.js";
import { aliasOf, type Build, internal, refuse } from "./context.js";
import { fromYesNo, type Props, positive } from "./props.js";

/** A piece of the guest's memory for which a backend object is made. Sizes in KiB. */
export interface MemoryPart {
  readonly id: string;
  readonly size: number;
  /** The guest's NUMA node, when it belongs to one. */
  readonly node?: number | undefined;
  readonly device?: MemoryDevice | undefined;
  /** The whole memory of a guest without NUMA nodes. */
  readonly system?: boolean | undefined;
}

const PAGE_KIB = 4;

export function memoryArgs(build: Build): void {
  const { args, domain, machine } = build;
  const initial = initialMemory(domain);
  if (domain.maxMemory === undefined) args.add("-m", String(Math.floor(initial / 1024)));
  else args.add("-m", `size=${initial}k,slots=${domain.maxMemory.slots},maxmem=${domain.maxMemory.size}k`);
  if (!hasCells(domain)) {
    if (machine?.defaultRamId === undefined) memPathArgs(build);
    else addBackend(build, memoryBackend(build, { id: machine.defaultRamId, size: initial, system: true }).props);
  }
  args.add("-overcommit", `mem-lock=${domain.memoryBacking?.locked === true ? "on" : "off"}`);
}

/** Memory at boot without what is plugged in. */
export function initialMemory(domain: Domain): number {
  const cells = domain.cpu?.numa?.cells ?? [];
  if (cells.length > 0) return cells.reduce((sum, cell) => sum + cell.memory, 0);
  return domain.devices.memories.reduce((left, memory) => left - memory.target.size, domain.memory);
}

export function hasCells(domain: Domain): boolean {
  return (domain.cpu?.numa?.cells.length ?? 0) > 0;
}

/** Old machine types take the memory's file as an option of its own. */
export function memPathArgs(build: Build): void {
  const { args, domain, runtime } = build;
  const backing = domain.memoryBacking;
  const pages = backing?.hugepages?.[0];
  const huge = pages !== undefined && pages.size !== PAGE_KIB;
  if (huge || backing?.allocation?.mode === "immediate") args.add("-mem-prealloc");
  if (huge) args.add("-mem-path", hugepagePath(build, pages.size === 0 ? defaultHugepage(build) : pages.size));
  else if (backing?.source === "file") args.add("-mem-path", backingPath(runtime, "ram"));
}

function preallocatedByOption(build: Build): boolean {
  return build.args.argv.includes("-mem-prealloc");
}

/** The backend object of a piece of memory, and whether the configuration makes one necessary. */
export function memoryBackend(build: Build, part: MemoryPart): { readonly props: Props; readonly needed: boolean } {
  const { domain } = build;
  const backing = domain.memoryBacking;
  const device = part.device;
  const cell = domain.cpu?.numa?.cells[part.node ?? -1];
  const access = device?.access ?? cell?.memAccess ?? backing?.access;
  const pages = pageChoice(build, part);
  const nodes = nodeChoice(build, part);
  const kind = backendKind(build, part, pages.huge, access !== undefined);
  const needed =
    pages.needed ||
    device?.source?.nodemask !== undefined ||
    nodes.specified ||
    device?.source?.path !== undefined ||
    access !== undefined ||
    backing?.source === "file" ||
    backing?.source === "memfd";
  const props: Props = {
    "qom-type": kind,
    id: part.id,
    ...storageProps(build, part, kind, pages, access),
    ...preallocProps(build, part, pages.prealloc),
    size: part.size * 1024,
    align: positive((device?.source?.alignsize ?? 0) * 1024),
    pmem: device?.source?.pmem === true ? true : undefined,
    ...nodes.props,
  };
  if (device?.source?.pmem === true && !build.can("memory-backend-file.pmem"))
    throw refuse("nvdimm pmem property is not available with this QEMU binary");
  if (kind === "memory-backend-memfd" && !build.can("memory-backend-memfd"))
    throw refuse("this qemu doesn't support the memory-backend-memfd object");
  return { props, needed };
}

type BackendKind = "memory-backend-epc" | "memory-backend-memfd" | "memory-backend-file" | "memory-backend-ram";

function backendKind(build: Build, part: MemoryPart, huge: boolean, hasAccess: boolean): BackendKind {
  if (part.device?.model === "sgx-epc") return "memory-backend-epc";
  const path = part.device?.source?.path;
  const source = build.domain.memoryBacking?.source;
  if (path === undefined && source === "memfd") return "memory-backend-memfd";
  return huge || path !== undefined || hasAccess || source === "file" ? "memory-backend-file" : "memory-backend-ram";
}

function storageProps(
  build: Build,
  part: MemoryPart,
  kind: BackendKind,
  pages: PageChoice,
  access: "shared" | "private" | undefined,
): Props {
  const share = access === undefined ? undefined : access === "shared";
  const canonical = part.system === true && build.can("memory-backend-file.x-use-canonical-path-for-ramblock-id");
  const ramblock = { "x-use-canonical-path-for-ramblock-id": canonical ? false : undefined };
  if (kind === "memory-backend-memfd") {
    const huge = pages.huge ? { hugetlb: true, hugetlbsize: pages.size * 1024 } : {};
    return { ...huge, share, ...ramblock };
  }
  if (kind !== "memory-backend-file") return {};
  const path = part.device?.source?.path;
  const discard = path === undefined ? discardOf(build.domain, part) : undefined;
  const file = path ?? (pages.huge ? hugepagePath(build, pages.size) : backingPath(build.runtime, partAlias(part)));
  return { "mem-path": file, "discard-data": discard, share, ...ramblock };
}

function partAlias(part: MemoryPart): string {
  return part.device === undefined ? part.id : aliasOf(part.device);
}

function discardOf(domain: Domain, part: MemoryPart): boolean | undefined {
  const cell = domain.cpu?.numa?.cells[part.node ?? -1];
  return (
    fromYesNo(part.device?.discard) ??
    fromYesNo(cell?.discard) ??
    (domain.memoryBacking?.discard === true ? true : undefined)
  );
}

function preallocProps(build: Build, part: MemoryPart, prealloc: boolean): Props {
  const byOption = preallocatedByOption(build);
  if (part.device?.model === "virtio-mem") {
    const old = !build.can("virtio-mem-pci.prealloc") && byOption;
    return {
      prealloc: old ? false : undefined,
      reserve: build.can("memory-backend-file.reserve") ? false : undefined,
    };
  }
  if (byOption) return {};
  const epc = part.device?.model === "sgx-epc";
  return {
    prealloc: prealloc || epc ? true : undefined,
    "prealloc-threads": positive(build.domain.memoryBacking?.allocation?.threads),
  };
}

interface PageChoice {
  /** KiB; 0 for the host's ordinary pages. */
  readonly size: number;
  readonly huge: boolean;
  /** The configuration names the pages of this very piece. */
  readonly needed: boolean;
  readonly prealloc: boolean;
}

export function pageChoice(build: Build, part: MemoryPart): PageChoice {
  const { domain } = build;
  const own = part.device?.source?.pagesize ?? 0;
  const all = domain.memoryBacking?.hugepages ?? [];
  const mine = all.find((item) => part.node !== undefined && item.nodeset?.includes(part.node) === true);
  const chosen = mine ?? all.findLast((item) => item.nodeset === undefined);
  let size = own > 0 ? own : (chosen?.size ?? 0);
  const ordinary = size === PAGE_KIB;
  const huge = !ordinary && (own > 0 || chosen !== undefined);
  if (ordinary) size = 0;
  else if (huge && size === 0) size = defaultHugepage(build);
  const path = part.device?.source?.path;
  const filled = path === undefined ? huge : part.device?.source?.pmem !== true && part.device?.model !== "virtio-pmem";
  return {
    size,
    huge,
    needed: !ordinary && (own > 0 || mine !== undefined),
    prealloc: filled || domain.memoryBacking?.allocation?.mode === "immediate",
  };
}

const POLICIES = {
  strict: "bind",
  preferred: "preferred",
  interleave: "interleave",
  restrictive: "restrictive",
} as const;

function nodeChoice(
  { domain, runtime }: Build,
  part: MemoryPart,
): { readonly props: Props; readonly specified: boolean } {
  const tune = domain.numatune;
  const own = tune?.memnodes.find((item) => item.cellid === part.node);
  const mode = own?.mode ?? tune?.memory?.mode ?? "strict";
  const nodeset = part.device?.source?.nodemask ?? own?.nodeset ?? tune?.memory?.nodeset;
  if (nodeset !== undefined) runtime.checkNumaNodes?.(nodeset);
  const props =
    nodeset === undefined || mode === "restrictive" ? {} : { "host-nodes": nodeset, policy: POLICIES[mode] };
  return { props, specified: own !== undefined };
}

/** The object, and before it the threads that fill it near the nodes that it is bound to. */
export function addBackend(build: Build, props: Props): void {
  if (build.can("thread-context") && props["host-nodes"] !== undefined && props.prealloc === true) {
    const id = `tc-${String(props.id)}`;
    build.args.object({ "qom-type": "thread-context", id, "node-affinity": props["host-nodes"] });
    build.args.object({ ...props, "prealloc-context": id });
    return;
  }
  build.args.object(props);
}

function defaultHugepage({ runtime }: Build): number {
  const mounts = runtime.memory?.hugepages ?? [];
  const size = mounts[0]?.size;
  if (size === undefined) throw internal("hugetlbfs filesystem is not mounted or disabled by administrator config");
  return size;
}

function hugepagePath({ runtime }: Build, size: number): string {
  const mount = runtime.memory?.hugepages.find((item) => item.size === size);
  if (mount === undefined || runtime.memory === undefined)
    throw internal(`Unable to find any usable hugetlbfs mount for ${size} KiB`);
  return `${mount.path}/libvirt/qemu/${runtime.memory.domainFolder}`;
}

function backingPath(runtime: Build["runtime"], alias: string): string {
  if (runtime.memory === undefined) throw internal("no folder for memory backing files");
  return `${runtime.memory.backingDir}/${runtime.memory.domainFolder}/${alias}`;
}

const MEMORY_DEVICES = {
  dimm: "pc-dimm",
  nvdimm: "nvdimm",
  "virtio-pmem": "virtio-pmem-pci",
  "virtio-mem": "virtio-mem-pci",
} as const;

export function memoryDeviceArgs(build: Build): void {
  for (const device of build.domain.devices.memories) {
    const alias = aliasOf(device);
    const part: MemoryPart = { id: `mem${alias}`, size: device.target.size, node: device.target.node, device };
    addBackend(build, memoryBackend(build, part).props);
    if (device.model === "sgx-epc") continue;
    const early = device.model === "virtio-mem" && build.can("virtio-mem-pci.prealloc");
    build.args.device({
      driver: MEMORY_DEVICES[device.model],
      node: device.target.node,
      "label-size": positive((device.target.labelSize ?? 0) * 1024),
      "block-size": positive((device.target.block ?? 0) * 1024),
      "requested-size": positive((device.target.requested ?? 0) * 1024),
      uuid: device.uuid,
      unarmed: device.target.readonly === true ? true : undefined,
      memdev: `mem${alias}`,
      prealloc: early && pageChoice(build, part).prealloc ? true : undefined,
      id: alias,
      ...addressProps(build, device),
    });
  }
}

export function iothreadArgs({ args, domain }: Build): void {
  for (const thread of domain.iothreads)
    args.object({
      "qom-type": "iothread",
      id: `iothread${thread.id}`,
      "thread-pool-min": thread.threadPoolMin,
      "thread-pool-max": thread.threadPoolMax,
    });
  const main = domain.defaultIothread;
  if (main !== undefined)
    args.object({
      "qom-type": "main-loop",
      id: "main-loop",
      "thread-pool-min": main.threadPoolMin,
      "thread-pool-max": main.threadPoolMax,
    });
}
