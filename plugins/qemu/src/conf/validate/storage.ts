import type { StorageEncryption, StorageFormat, StorageSource } from "@polyvisor/sdk/conf";
import { has, type QemuCapabilities } from "../../capabilities/index.js";
import { refuse } from "./refuse.js";

/** One image as it is to be opened. */
export interface StoredImage {
  readonly source: StorageSource;
  readonly format: StorageFormat | undefined;
  readonly readonly: boolean;
}

export function checkStorage(image: StoredImage, caps: QemuCapabilities): void {
  const { format, source } = image;
  checkFormat(image);
  if (source.reservations !== undefined && !has(caps, "pr-manager-helper"))
    throw refuse("reservations not supported with this QEMU binary");
  checkNetwork(source);
  if ((source.metadataCacheMaxSize ?? 0) > 0 && format !== "qcow2")
    throw refuse("metadata cache max size control is supported only with qcow2 images");
  if (source.encryption !== undefined) checkEncryption(source.encryption, image, caps);
  if (source.type !== "network" || source.tlsHostname === undefined) return;
  if (source.protocol !== "nbd") throw refuse("'tlsHostname' field is supported only with NBD disks");
  if (!has(caps, "blockdev.nbd.tls-hostname")) throw refuse("'tlsHostname' field is not supported by this QEMU");
}

function checkFormat({ format, readonly, source }: StoredImage): void {
  if (format === "cow") throw refuse("'cow' storage format is not supported");
  if (format === "dir")
    throw refuse("'directory' storage format is not directly supported by QEMU, use 'dir' disk type instead");
  if (format === "iso") throw refuse("storage format 'iso' is not directly supported by QEMU, use 'raw' instead");
  if (format === "fat" && source.type !== "volume" && source.type !== "dir")
    throw refuse("storage format 'fat' is supported only with 'dir' storage type");
  if (source.type !== "dir") return;
  if (format !== undefined && format !== "fat") throw refuse("storage type 'dir' requires use of storage format 'fat'");
  if (!readonly) throw refuse("virtual FAT storage can't be accessed in read-write mode");
}

const HTTP: ReadonlySet<string> = new Set(["http", "https"]);
const SECURE: ReadonlySet<string> = new Set(["https", "ftps"]);
const CURL: ReadonlySet<string> = new Set(["http", "https", "ftp", "ftps"]);

function checkNetwork(source: StorageSource): void {
  if (source.type !== "network") return;
  const { hosts, protocol } = source;
  if (source.sslVerify !== undefined && !SECURE.has(protocol))
    throw refuse("ssl verification is supported only with HTTPS/FTPS protocol");
  if ((source.cookies ?? []).length > 0 && !HTTP.has(protocol))
    throw refuse("http cookies are supported only with HTTP(S) protocol");
  if ((source.readahead ?? 0) > 0 && !CURL.has(protocol))
    throw refuse("readahead is supported only with HTTP(S)/FTP(s) protocols");
  if ((source.timeout ?? 0) > 0 && !CURL.has(protocol))
    throw refuse("timeout is supported only with HTTP(S)/FTP(s) protocols");
  if (source.query !== undefined && !HTTP.has(protocol)) throw refuse("query is supported only with HTTP(S) protocols");
  if (protocol === "tftp") throw refuse("'tftp' protocol is not supported with this QEMU binary");
  if (protocol !== "nfs") return;
  const [host] = hosts;
  if (host === undefined || hosts.length !== 1) throw refuse("'nfs' protocol requires the usage of exactly one host");
  if (host.transport !== "tcp") throw refuse("'nfs' host must use TCP protocol");
  if ((host.port ?? 0) !== 0) throw refuse("port cannot be specified in 'nfs' protocol host");
}

function checkEncryption(
  { engine = "qemu", format }: StorageEncryption,
  image: StoredImage,
  caps: QemuCapabilities,
): void {
  if (format === "default" || format === "qcow") throw refuse("old qcow/qcow2 encryption is not supported");
  if (engine === "qemu") {
    if (format === "luks2") throw refuse("luks2 is currently not supported by the qemu encryption engine");
    if (image.format !== "qcow2" && image.format !== "raw" && image.source.type !== "volume")
      throw refuse("encryption is supported only with 'raw' and 'qcow2' image format");
    return;
  }
  if (!has(caps, "rbd-encryption")) throw refuse("librbd encryption is not supported by this QEMU binary");
  if (image.source.type !== "network" || image.source.protocol !== "rbd")
    throw refuse("librbd encryption is supported only with RBD backed disks");
}
