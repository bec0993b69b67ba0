import type { DiskDriver, NetworkSource, StorageFormat, StorageHost, StorageSource } from "@polyvisor/sdk/conf";
import { type Build, internal, notYet, refuse } from "./context.js";
import { fromYesNo, type Props, positive } from "./props.js";

/** One image: where it lies, what format it has, and how it is opened. */
export interface Image {
  readonly source: StorageSource;
  readonly format: StorageFormat;
  /** `libvirt-1`; the nodes of the image are called after it. */
  readonly node: string;
  readonly readonly: boolean;
  readonly cache?: DiskDriver["cache"] | undefined;
  readonly io?: DiskDriver["io"] | undefined;
  readonly discard?: DiskDriver["discard"] | undefined;
  readonly detectZeroes?: DiskDriver["detectZeroes"] | undefined;
  readonly metadataCacheMaxSize?: number | undefined;
  readonly floppy?: boolean | undefined;
  /** The image below: its node, `null` when the chain ends here; absent when nobody looked. */
  readonly backing?: string | null | undefined;
}

/** The nodes of an image, in the order in which they must be made: storage, perhaps a slice of it, format. */
export function sourceBlockdevs(build: Build, image: Image): readonly Props[] {
  if (image.source.encryption !== undefined) throw notYet("disk encryption");
  if (image.source.reservations !== undefined) throw notYet("a disk with persistent reservations");
  const slice = image.source.slices?.[0];
  const sliceNode = slice !== undefined && image.format !== "raw" ? `${image.node}-slice-sto` : undefined;
  const nodes: Props[] = [storageNode(build, image)];
  if (slice !== undefined && sliceNode !== undefined)
    nodes.push({
      driver: "raw",
      "node-name": sliceNode,
      offset: slice.offset,
      size: slice.size,
      file: `${image.node}-storage`,
      "auto-read-only": true,
      discard: "unmap",
      ...cacheProps(image.cache),
    });
  nodes.push(formatNode(image, sliceNode ?? `${image.node}-storage`));
  return nodes;
}

function storageNode(build: Build, image: Image): Props {
  const opened = openedBy(build, image);
  return {
    ...backendProps(build, image),
    "node-name": `${image.node}-storage`,
    ...cacheProps(image.cache),
    ...(opened === undefined ? { "auto-read-only": true } : { "read-only": opened.readonly }),
    discard: "unmap",
  };
}

/** A descriptor that a client gave says by itself whether the image is writable. */
function openedBy(build: Build, image: Image): { readonly readonly: boolean } | undefined {
  if (image.source.type !== "file" || image.source.fdgroup === undefined) return undefined;
  const group = build.runtime.fdGroups?.get(image.source.fdgroup);
  return group?.fds.length === 1 ? { readonly: group.writable ? false : image.readonly } : undefined;
}

/** How a cache mode opens an image. `writeback` is told to the device, not to the image. */
export const CACHE_MODES = {
  none: { writeback: true, direct: true, noFlush: false },
  writethrough: { writeback: false, direct: false, noFlush: false },
  writeback: { writeback: true, direct: false, noFlush: false },
  directsync: { writeback: false, direct: true, noFlush: false },
  unsafe: { writeback: true, direct: false, noFlush: true },
} as const;

function cacheProps(cache: DiskDriver["cache"]): Props {
  if (cache === undefined) return {};
  const mode = CACHE_MODES[cache];
  return { cache: { direct: mode.direct, "no-flush": mode.noFlush } };
}

function backendProps(build: Build, image: Image): Props {
  const source = image.source;
  switch (source.type) {
    case "file":
      return { driver: "file", filename: filePath(build, source, image.node), aio: image.io };
    case "block":
      return {
        driver: isHostCdrom(source.path) ? "host_cdrom" : "host_device",
        filename: source.path ?? "",
        aio: image.io,
      };
    case "dir":
      return { driver: "vvfat", dir: source.path ?? "", floppy: image.floppy === true, rw: !image.readonly };
    case "nvme":
      return { driver: "nvme", device: pciText(source.pci), namespace: source.namespace };
    case "network":
      return networkProps(source);
    case "volume":
      throw internal(`storage source pool '${source.pool}' volume '${source.volume}' is not translated`);
    case "vhostuser":
      throw internal("unable to create blockdev props for vhostuser disk type");
  }
}

function pciText(address: { domain: number; bus: number; slot: number; function: number }): string {
  const hex = (value: number, width: number) => value.toString(16).padStart(width, "0");
  return `${hex(address.domain, 4)}:${hex(address.bus, 2)}:${hex(address.slot, 2)}.${address.function}`;
}

function isHostCdrom(path: string | undefined): boolean {
  return /^\/dev\/(cdrom|sr\d+)$/.test(path ?? "");
}

function filePath(build: Build, source: Extract<StorageSource, { type: "file" }>, node: string): string {
  if (source.fdgroup === undefined) return source.path ?? "";
  const group = build.runtime.fdGroups?.get(source.fdgroup);
  if (group === undefined) throw refuse(`file descriptor group '${source.fdgroup}' was not associated with the domain`);
  return build.args.fdsSet(group.fds.map((fd, at) => ({ fd, opaque: `${node}-storage${at}` })));
}

function formatNode(image: Image, file: string): Props {
  return {
    "node-name": `${image.node}-format`,
    "read-only": image.readonly,
    discard: image.discard,
    "detect-zeroes": detectZeroes(image),
    ...cacheProps(image.cache),
    ...formatProps(image),
    file,
    ...backingProps(image),
  };
}

/** `unmap` is only asked for where discards reach the image. */
function detectZeroes(image: Image): string | undefined {
  return image.detectZeroes === "unmap" && image.discard !== "unmap" ? "on" : image.detectZeroes;
}

const FORMAT_DRIVERS: Readonly<Partial<Record<StorageFormat, string>>> = {
  raw: "raw",
  fat: "raw",
  qcow2: "qcow2",
  qcow: "qcow",
  qed: "qed",
  vmdk: "vmdk",
  vdi: "vdi",
  vpc: "vpc",
  vhd: "vhdx",
  ploop: "parallels",
  bochs: "bochs",
  cloop: "cloop",
  dmg: "dmg",
};

const WITH_BACKING: ReadonlySet<StorageFormat> = new Set(["cow", "qcow", "qcow2", "qed", "vmdk"]);

function formatProps(image: Image): Props {
  const driver = FORMAT_DRIVERS[image.format];
  if (driver === undefined) throw internal(`mishandled storage format '${image.format}'`);
  const slice = driver === "raw" ? image.source.slices?.[0] : undefined;
  return {
    driver,
    offset: slice?.offset,
    size: slice?.size,
    "cache-size": driver === "qcow2" ? positive(image.metadataCacheMaxSize) : undefined,
  };
}

function backingProps(image: Image): Props {
  if (image.backing === undefined) return {};
  if (WITH_BACKING.has(image.format)) return { backing: image.backing };
  if (image.backing !== null) throw refuse(`storage format '${image.format}' does not support backing store`);
  return {};
}

/** How much the gluster client logs: warnings and errors. */
const GLUSTER_DEBUG = 4;

function networkProps(source: NetworkSource): Props {
  if (source.auth !== undefined || source.cookies !== undefined)
    throw notYet(`authentication of ${source.protocol} disks`);
  if (source.tls === "yes") throw notYet(`TLS of ${source.protocol} disks`);
  switch (source.protocol) {
    case "nbd":
      return { driver: "nbd", server: socketAddress(onlyHost(source)), export: source.name };
    case "gluster": {
      const [volume = "", ...path] = (source.name ?? "").split("/");
      return {
        driver: "gluster",
        volume,
        path: path.join("/"),
        server: source.hosts.map(socketAddress),
        debug: GLUSTER_DEBUG,
      };
    }
    case "rbd": {
      const [pool = "", ...image] = (source.name ?? "").split("/");
      const server = source.hosts.length === 0 ? undefined : source.hosts.map(inetAddress);
      return { driver: "rbd", pool, image: image.join("/"), snapshot: source.snapshot, conf: source.config, server };
    }
    case "iscsi":
      return iscsiProps(source);
    case "sheepdog":
      return { driver: "sheepdog", server: socketAddress(onlyHost(source)), vdi: source.name };
    case "ssh":
      return { driver: "ssh", path: source.name, server: inetAddress(onlyHost(source)) };
    case "vxhs":
      return { driver: "vxhs", "vdisk-id": source.name, server: inetAddress(onlyHost(source)) };
    case "nfs":
      return nfsProps(source);
    case "http":
    case "https":
    case "ftp":
    case "ftps":
    case "tftp":
      return {
        driver: source.protocol,
        url: urlOf(source),
        sslverify: fromYesNo(source.sslVerify),
        timeout: positive(source.timeout),
        readahead: positive(source.readahead),
      };
  }
}

function onlyHost(source: NetworkSource): StorageHost {
  const [host] = source.hosts;
  if (host === undefined || source.hosts.length !== 1)
    throw internal(`${source.protocol} protocol accepts only one host`);
  return host;
}

function socketAddress(host: StorageHost): Props {
  if (host.transport === "unix") return { type: "unix", path: host.socket };
  if (host.transport === "rdma") throw internal("transport protocol 'rdma' is not yet supported");
  return { type: "inet", host: host.name ?? "", port: String(host.port ?? 0) };
}

function inetAddress(host: StorageHost): Props {
  if (host.transport !== "tcp") throw internal("only TCP protocol can be converted to InetSocketAddress");
  return { host: host.name ?? "", port: String(host.port ?? 0) };
}

function iscsiProps(source: NetworkSource): Props {
  const host = onlyHost(source);
  const { host: name, port } = inetAddress(host) as { readonly host: string; readonly port: string };
  const [target = "", lun = "0"] = (source.name ?? "").split("/");
  return {
    driver: "iscsi",
    portal: `${name.includes(":") ? `[${name}]` : name}:${port}`,
    target,
    lun: Number(lun),
    transport: "tcp",
    "initiator-name": source.initiatorIqn,
  };
}

function nfsProps(source: NetworkSource): Props {
  const host = onlyHost(source);
  const id = (text: string | undefined) => (text === undefined ? undefined : Number(text.replace(/^\+/, "")));
  return {
    driver: "nfs",
    server: { host: host.transport === "tcp" ? (host.name ?? "") : "", type: "inet" },
    path: source.name,
    user: id(source.identity?.user),
    group: id(source.identity?.group),
  };
}

function urlOf(source: NetworkSource): string {
  const host = onlyHost(source);
  if (host.transport !== "tcp") throw internal("only TCP protocol can be converted to a URL");
  const name = host.name ?? "";
  const port = host.port === undefined || host.port === 0 ? "" : `:${host.port}`;
  const path = source.name === undefined ? "" : `${source.name.startsWith("/") ? "" : "/"}${source.name}`;
  const query = source.query === undefined ? "" : `?${source.query}`;
  return `${source.protocol}://${name.includes(":") ? `[${name}]` : name}${port}${path}${query}`;
}
