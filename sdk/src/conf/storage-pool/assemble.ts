import type { VirtError } from "@polyvisor/core";
import { type XmlElement, yesNoAttribute } from "../../xml/index.js";
import { errorsOf, firstAt, located, textAt } from "../document.js";
import { sanitizePath } from "../domain/parse/context.js";
import type {
  NonEmpty,
  StorageAdapter,
  StoragePool,
  StoragePoolDevice,
  StoragePoolHost,
  StoragePoolTarget,
} from "./model.js";
import { parseConfigOptions, parseMountOptions } from "./options.js";
import { parsePermissions } from "./permissions.js";
import type { WrittenPoolSource } from "./source.js";
import {
  DISK_LABEL_FORMATS,
  FILESYSTEM_FORMATS,
  LOGICAL_FORMATS,
  NETWORK_FILESYSTEM_FORMATS,
  POOL_FORMATS,
  type StoragePoolType,
} from "./types.js";
import { validateAdapter } from "./validate.js";

const storageError = errorsOf("STORAGE");

/** The pool of one type out of what is written. */
export function assemble(
  root: XmlElement,
  type: StoragePoolType,
  written: WrittenPoolSource,
  base: Pick<StoragePool, "name" | "uuid" | "refresh">,
): StoragePool {
  const { auth, protocolVersion, vendor, product, devices, initiatorIqn } = written;
  const info = { auth, protocolVersion, vendor, product };
  const name = written.name ?? base.name;
  const target = (): StoragePoolTarget => parseTarget(root);
  const hosts = (): NonEmpty<StoragePoolHost> => {
    const [first, ...more] = written.hosts;
    return [first ?? missing(root, "host name", "a <host name='...'/>"), ...more];
  };
  const ownDevices = (): NonEmpty<StoragePoolDevice> => {
    const [first, ...more] = devices;
    return [first ?? missing(root, "device name", "a <device path='...'/>"), ...more];
  };
  const dir = (): string => written.dir ?? missing(root, "path", "a <dir path='...'/>");
  switch (type) {
    case "dir":
      return { type, ...base, cow: parseCow(root), source: info, target: target() };
    case "fs": {
      const source = {
        ...info,
        devices: ownDevices(),
        format: formatIn(FILESYSTEM_FORMATS, written) ?? POOL_FORMATS.fs.fallback,
      };
      return { type, ...base, cow: parseCow(root), source, target: target(), mountOptions: parseMountOptions(root) };
    }
    case "netfs": {
      const format = formatIn(NETWORK_FILESYSTEM_FORMATS, written) ?? POOL_FORMATS.netfs.fallback;
      const source = { ...info, hosts: hosts(), dir: dir(), format };
      return { type, ...base, source, target: target(), mountOptions: parseMountOptions(root) };
    }
    case "logical": {
      const format = formatIn(LOGICAL_FORMATS, written) ?? POOL_FORMATS.logical.fallback;
      return { type, ...base, source: { ...info, devices, name, format }, target: targetAt(root, `/dev/${name}`) };
    }
    case "disk": {
      const format = formatIn(DISK_LABEL_FORMATS, written) ?? POOL_FORMATS.disk.fallback;
      return { type, ...base, source: { ...info, devices: ownDevices(), format }, target: target() };
    }
    case "iscsi":
      return { type, ...base, source: { ...info, hosts: hosts(), devices, initiatorIqn }, target: target() };
    case "iscsi-direct":
      return {
        type,
        ...base,
        source: { ...info, hosts: hosts(), devices, initiatorIqn: initiatorIqn ?? missingIqn(root) },
      };
    case "scsi":
      return { type, ...base, source: { ...info, adapter: adapterOf(root, written) }, target: target() };
    case "mpath":
      return { type, ...base, source: info, target: target() };
    case "rbd":
      return { type, ...base, source: { ...info, hosts: hosts(), name }, configOptions: parseConfigOptions(root) };
    case "sheepdog":
      return { type, ...base, source: { ...info, hosts: hosts(), name } };
    case "gluster":
      return { type, ...base, source: { ...info, hosts: hosts(), name, dir: written.dir ?? "/" } };
    case "zfs":
      return { type, ...base, source: { ...info, devices, name }, target: targetAt(root, `/dev/zvol/${name}`) };
    case "vstorage":
      return { type, ...base, source: { ...info, name }, target: target() };
  }
}

/** The format as one of the type's words; that it is one was seen when the source was read. */
function formatIn<const T extends string>(words: readonly T[], source: WrittenPoolSource): T | undefined {
  return words.find((word) => word === source.format);
}

function missing(root: XmlElement, what: string, add: string): never {
  throw xmlError(root, ["source"], `missing storage pool source ${what}`, `Add ${add} to <source>.`);
}

function adapterOf(root: XmlElement, { adapter }: WrittenPoolSource): StorageAdapter {
  if (adapter === undefined) return missing(root, "adapter", "an <adapter>");
  located(firstAt(root, "source", "adapter") ?? root, () => validateAdapter(adapter));
  return adapter;
}

function missingIqn(root: XmlElement): never {
  const hint = "Add <initiator><iqn name='...'/></initiator> to <source>.";
  throw storageError(firstAt(root, "source") ?? root, "CONFIG_UNSUPPORTED", "missing initiator IQN", hint);
}

function parseTarget(root: XmlElement): StoragePoolTarget {
  const path = textAt(root, "target", "path");
  if (path !== undefined) return targetAt(root, path);
  throw xmlError(root, ["target"], "missing storage pool target path", "Add a <path> to <target>.");
}

function targetAt(root: XmlElement, path: string): StoragePoolTarget {
  return { path: sanitizePath(path), permissions: parsePermissions(firstAt(root, "target", "permissions")) };
}

export function parseCow(root: XmlElement): "yes" | "no" | undefined {
  const cow = firstAt(root, "features", "cow");
  return cow === undefined ? undefined : yesNoAttribute(cow, "state");
}

/** libvirt's most frequent error, at the first element at the end of a path. */
export function xmlError(root: XmlElement, path: readonly string[], detail: string, hint: string): VirtError {
  return storageError(firstAt(root, ...path) ?? root, "XML_ERROR", detail, hint);
}
