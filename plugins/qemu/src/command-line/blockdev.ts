import { join } from "node:path";
import type { DiskDriver, NetworkSource, StorageFormat, StorageSource } from "@polyvisor/sdk/conf";
import { type Build, internal, notYet, refuse } from "./context.js";
import { networkProps } from "./network-source.js";
import { type Props, positive } from "./props.js";
import { secretArgs, tlsArgs } from "./secrets.js";

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

/** Ids of the objects that an image refers to. */
export interface StorageSecrets {
  readonly auth?: string | undefined;
  readonly encryption?: string | undefined;
  readonly cookies?: string | undefined;
  readonly tls?: string | undefined;
  readonly reservations?: string | undefined;
}

/** Makes an image known: what it needs, then its storage, perhaps a slice of it, and its format. */
export function imageArgs(build: Build, image: Image): void {
  const secrets = storageSecretArgs(build, image);
  const slice = image.source.slices?.[0];
  const sliceNode = slice !== undefined && image.format !== "raw" ? `${image.node}-slice-sto` : undefined;
  build.args.blockdev(storageNode(build, image, secrets));
  if (slice !== undefined && sliceNode !== undefined)
    build.args.blockdev({
      driver: "raw",
      "node-name": sliceNode,
      offset: slice.offset,
      size: slice.size,
      file: `${image.node}-storage`,
      "auto-read-only": true,
      discard: "unmap",
      ...cacheProps(image.cache),
    });
  build.args.blockdev(formatNode(image, sliceNode ?? `${image.node}-storage`, secrets));
}

/** The helper that all disks share which leave theirs to us. */
export const MANAGED_RESERVATIONS = "pr-helper0";

function storageSecretArgs(build: Build, { source, node }: Image): StorageSecrets {
  const storage = `${node}-storage`;
  const [passphrase] = source.encryption?.secrets ?? [];
  const cookies = source.type === "network" ? (source.cookies ?? []) : [];
  return {
    reservations: reservationArgs(build, source, storage),
    auth: source.auth === undefined ? undefined : secretArgs(build, `${storage}-auth-secret0`, source.auth.secret),
    encryption:
      passphrase === undefined
        ? undefined
        : secretArgs(build, `${node}-format-encryption-secret0`, passphrase.reference),
    cookies:
      cookies.length === 0
        ? undefined
        : secretArgs(
            build,
            `${storage}-httpcookie-secret0`,
            Buffer.from(cookies.map(({ name, value }) => `${name}=${value}`).join("; ")),
          ),
    tls: source.type === "network" ? storageTlsArgs(build, source, storage) : undefined,
  };
}

function reservationArgs(build: Build, { reservations }: StorageSource, storage: string): string | undefined {
  if (reservations === undefined) return undefined;
  if (reservations.managed === "yes") return MANAGED_RESERVATIONS;
  const id = `pr-helper-${storage}`;
  build.args.object({ "qom-type": "pr-manager-helper", id, path: reservations.path });
  return id;
}

/** Its socket, in the guest's folder. */
export function managedReservationsSocket(folder: string): string {
  return join(folder, `${MANAGED_RESERVATIONS}.sock`);
}

/** The helper of those disks that do not name one of their own. */
export function managedReservationArgs(build: Build): void {
  const { disks } = build.domain.devices;
  if (!disks.some(({ source }) => source.reservations?.managed === "yes")) return;
  const path = managedReservationsSocket(build.runtime.libDir);
  build.args.object({ "qom-type": "pr-manager-helper", id: MANAGED_RESERVATIONS, path });
}

function storageTlsArgs(build: Build, source: NetworkSource, storage: string): string | undefined {
  if (source.protocol !== "nbd" && source.protocol !== "vxhs") return undefined;
  const settings = build.runtime.settings?.storageTls?.[source.protocol];
  const wanted = source.tls === undefined ? settings?.always === true : source.tls === "yes";
  if (!wanted) return undefined;
  if (settings === undefined) throw notYet(`TLS of ${source.protocol} disks`);
  return tlsArgs(build, `obj${storage}_tls0`, "client", settings);
}

function storageNode(build: Build, image: Image, secrets: StorageSecrets): Props {
  const opened = openedBy(build, image);
  return {
    ...backendProps(build, image, secrets),
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

function backendProps(build: Build, image: Image, secrets: StorageSecrets): Props {
  const source = image.source;
  const manager = { "pr-manager": secrets.reservations };
  switch (source.type) {
    case "file":
      return { driver: "file", filename: filePath(build, source, image.node), aio: image.io, ...manager };
    case "block":
      return {
        driver: isHostCdrom(source.path) ? "host_cdrom" : "host_device",
        filename: source.path ?? "",
        aio: image.io,
        ...manager,
      };
    case "dir":
      return { driver: "vvfat", dir: source.path ?? "", floppy: image.floppy === true, rw: !image.readonly };
    case "nvme":
      return { driver: "nvme", device: pciText(source.pci), namespace: source.namespace };
    case "network":
      return networkProps(source, secrets);
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
  return source.fdgroup === undefined ? (source.path ?? "") : `/dev/fdset/${build.imageFdSets.indexOf(node)}`;
}

/** Hands over the descriptors of an image that a client opened, before the image is named. */
export function openedImageArgs(build: Build, { node, source }: Image): void {
  if (source.type !== "file" || source.fdgroup === undefined) return;
  const group = build.runtime.fdGroups?.get(source.fdgroup);
  if (group === undefined) throw refuse(`file descriptor group '${source.fdgroup}' was not associated with the domain`);
  build.args.fdsSet(
    group.fds.map((fd, at) => ({ fd, opaque: `${node}-storage${at}` })),
    build.imageFdSets.indexOf(node),
  );
}

function formatNode(image: Image, file: string, secrets: StorageSecrets): Props {
  return {
    "node-name": `${image.node}-format`,
    "read-only": image.readonly,
    discard: image.discard,
    "detect-zeroes": detectZeroes(image),
    ...cacheProps(image.cache),
    ...formatProps(image, secrets),
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

function formatProps(image: Image, secrets: StorageSecrets): Props {
  const driver = FORMAT_DRIVERS[image.format];
  if (driver === undefined) throw internal(`mishandled storage format '${image.format}'`);
  const encrypted = image.source.encryption !== undefined && (image.source.encryption.engine ?? "qemu") === "qemu";
  if (driver === "raw" && encrypted) return { driver: "luks", "key-secret": secrets.encryption };
  const slice = driver === "raw" ? image.source.slices?.[0] : undefined;
  return {
    driver,
    encrypt: encrypted ? { format: "luks", "key-secret": secrets.encryption } : undefined,
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
