import { attr, XmlWriter } from "../../xml/index.js";
import { formatWhole } from "../byte-size.js";
import { formatAdapter } from "./adapter.js";
import type { StoragePool, StoragePoolAuth, StoragePoolDevice, StoragePoolSource } from "./model.js";
import { formatOptions, optionNamespace } from "./options.js";
import { formatPermissions } from "./permissions.js";

/** A storage pool as libvirt prints it; `level`: how deep it is indented. */
export function formatStoragePool(pool: StoragePool, level = 0): string {
  const w = new XmlWriter(level);
  w.block("pool", attr("type", pool.type) + optionNamespace(pool), () => {
    w.leaf("name", pool.name);
    w.leaf("uuid", pool.uuid);
    for (const what of ["capacity", "allocation", "available"] as const) {
      w.leaf(what, formatWhole(pool.usage?.[what] ?? 0), attr("unit", "bytes"));
    }
    const cow = "cow" in pool ? pool.cow : undefined;
    if (cow !== undefined) w.block("features", "", () => w.empty("cow", attr("state", cow)));
    formatSource(w, pool.source);
    if ("target" in pool) formatTarget(w, pool.target);
    const { refresh } = pool;
    if (refresh !== undefined) {
      w.block("refresh", "", () => w.empty("volume", attr("allocation", refresh.volumeAllocation)));
    }
    formatOptions(w, pool);
  });
  return w.toString();
}

/** What a search for pools found, as `virsh find-storage-pool-sources` shows it. */
export function formatStoragePoolSources(sources: readonly StoragePoolSource[]): string {
  const w = new XmlWriter();
  w.block("sources", "", () => {
    for (const source of sources) formatSource(w, source);
  });
  return w.toString();
}

function formatSource(w: XmlWriter, source: StoragePoolSource): void {
  w.block("source", "", () => {
    if ("hosts" in source) {
      for (const host of source.hosts) w.empty("host", attr("name", host.name) + attr("port", host.port));
    }
    if ("devices" in source) for (const device of source.devices) formatDevice(w, device);
    if ("dir" in source) w.empty("dir", attr("path", source.dir));
    if ("adapter" in source) formatAdapter(w, source.adapter);
    if ("name" in source) w.leaf("name", source.name);
    const iqn = "initiatorIqn" in source ? source.initiatorIqn : undefined;
    if (iqn !== undefined) w.block("initiator", "", () => w.empty("iqn", attr("name", iqn)));
    if ("format" in source) w.empty("format", attr("type", source.format));
    if (source.auth !== undefined) formatAuth(w, source.auth);
    w.emptyIfAttributes("protocol", attr("ver", source.protocolVersion));
    w.emptyIfAttributes("vendor", attr("name", source.vendor));
    w.emptyIfAttributes("product", attr("name", source.product));
  });
}

function formatDevice(w: XmlWriter, device: StoragePoolDevice): void {
  w.elementAlways("device", attr("path", device.path) + attr("part_separator", device.partSeparator), () => {
    for (const { start, end } of device.freeExtents ?? []) {
      w.empty("freeExtent", attr("start", formatWhole(start)) + attr("end", formatWhole(end)));
    }
  });
}

function formatAuth(w: XmlWriter, auth: StoragePoolAuth): void {
  const { secret } = auth;
  const reference = "uuid" in secret ? attr("uuid", secret.uuid) : attr("usage", secret.usage);
  w.block("auth", attr("type", auth.type) + attr("username", auth.username), () => {
    w.empty("secret", attr("type", auth.secretType) + reference);
  });
}

function formatTarget(w: XmlWriter, target: Extract<StoragePool, { readonly target: unknown }>["target"]): void {
  w.block("target", "", () => {
    w.leaf("path", target.path);
    formatPermissions(w, target.permissions);
  });
}
