import { attr, attrNonzero, type XmlWriter } from "../../../xml/index.js";
import type {
  BackingStore,
  DeviceSeclabel,
  NetworkSource,
  SecretReference,
  SourceCommon,
  StorageAuth,
  StorageEncryption,
  StorageSource,
} from "../model/index.js";
import { formatReconnect } from "./chardev.js";
import type { FormatContext } from "./context.js";
import { pciPlace } from "./device-info.js";

export interface SourceFormat {
  /** `source`, or what the element is called. */
  readonly element?: string;
  readonly index?: boolean;
  readonly startupPolicy?: boolean;
  readonly skipAuth?: boolean | undefined;
  readonly skipEncryption?: boolean | undefined;
}

export function formatStorageSource(
  w: XmlWriter,
  source: StorageSource,
  context: FormatContext,
  how: SourceFormat = {},
): void {
  const policy =
    how.startupPolicy === true && source.type !== "network" ? attr("startupPolicy", source.startupPolicy) : "";
  const index = how.index === true ? attrNonzero("index", source.index) : "";
  w.element(how.element ?? "source", location(source, context) + policy + index, () => {
    formatOwnChildren(w, source, context);
    if (source.slices !== undefined) {
      w.element("slices", "", () => {
        for (const slice of source.slices ?? []) {
          w.empty("slice", attr("type", slice.type) + attr("offset", slice.offset) + attr("size", slice.size));
        }
      });
    }
    if (source.type !== "network") formatDeviceSeclabels(w, source.seclabels, context);
    if (source.auth !== undefined && how.skipAuth !== true && source.type !== "volume") formatAuth(w, source.auth);
    if (source.encryption !== undefined && how.skipEncryption !== true) formatEncryption(w, source.encryption);
    if (source.reservations !== undefined) formatReservations(w, source.reservations, context);
  });
}

function location(source: StorageSource, context: FormatContext): string {
  switch (source.type) {
    case "file":
      return attr("file", source.path) + attr("fdgroup", source.fdgroup);
    case "block":
      return attr("dev", source.path);
    case "dir":
      return attr("dir", source.path);
    case "volume":
      return attr("pool", source.pool) + attr("volume", source.volume) + attr("mode", source.mode);
    case "nvme":
      return attr("type", "pci") + attr("managed", source.managed) + attr("namespace", source.namespace);
    case "vhostuser":
      return attr("type", "unix") + attr("path", source.path);
    case "network":
      return (
        attr("protocol", source.protocol) +
        attr("name", source.name) +
        attr("query", source.query) +
        attr("tls", source.tls) +
        attr("tlsHostname", source.tlsHostname) +
        (context.status ? attr("tlsFromConfig", 0) : "")
      );
  }
}

function formatOwnChildren(w: XmlWriter, source: StorageSource, context: FormatContext): void {
  if (source.type === "nvme") w.empty("address", pciPlace(source.pci));
  if (source.type === "vhostuser") formatReconnect(w, source.reconnect);
  if (source.type === "network") formatNetwork(w, source, context);
}

function formatNetwork(w: XmlWriter, source: NetworkSource, context: FormatContext): void {
  for (const host of source.hosts) {
    if (host.transport === "unix") w.empty("host", attr("transport", "unix") + attr("socket", host.socket));
    else {
      const transport = host.transport === "tcp" ? "" : attr("transport", host.transport);
      w.empty("host", attr("name", host.name) + attrNonzero("port", host.port) + transport);
    }
  }
  const { identity } = source;
  if (identity?.user !== undefined || identity?.group !== undefined) {
    w.empty("identity", attr("user", identity.user) + attr("group", identity.group));
  }
  if (source.snapshot !== undefined) w.empty("snapshot", attr("name", source.snapshot));
  if (source.config !== undefined) w.empty("config", attr("file", source.config));
  formatInitiator(w, source.initiatorIqn);
  if (source.sslVerify !== undefined) w.empty("ssl", attr("verify", source.sslVerify));
  if (context.secure && source.cookies !== undefined) {
    w.element("cookies", "", () => {
      for (const cookie of source.cookies ?? []) w.leaf("cookie", cookie.value, attr("name", cookie.name));
    });
  }
  if (source.readahead) w.empty("readahead", attr("size", source.readahead));
  if (source.timeout) w.empty("timeout", attr("seconds", source.timeout));
}

export function formatInitiator(w: XmlWriter, iqn: string | undefined): void {
  if (iqn !== undefined) w.block("initiator", "", () => w.empty("iqn", attr("name", iqn)));
}

export function formatDeviceSeclabels(
  w: XmlWriter,
  labels: readonly DeviceSeclabel[] | undefined,
  context: FormatContext,
): void {
  for (const label of labels ?? []) {
    if (context.inactive && label.label === undefined && label.relabel !== "no") continue;
    const how = label.labelskip === true ? attr("labelskip", "yes") : attr("relabel", label.relabel);
    w.elementAlways("seclabel", attr("model", label.model) + how, () => w.leaf("label", label.label));
  }
}

function secret(reference: SecretReference): string {
  return "uuid" in reference ? attr("uuid", reference.uuid) : attr("usage", reference.usage);
}

export function formatAuth(w: XmlWriter, auth: StorageAuth): void {
  w.block("auth", attr("username", auth.username), () => {
    w.empty("secret", attr("type", auth.secretType) + secret(auth.secret));
  });
}

export function formatEncryption(w: XmlWriter, encryption: StorageEncryption): void {
  w.block("encryption", attr("format", encryption.format) + attr("engine", encryption.engine), () => {
    for (const each of encryption.secrets) w.empty("secret", attr("type", each.type) + secret(each.reference));
    const { cipher, ivgen } = encryption;
    if (encryption.format !== "luks" || cipher === undefined) return;
    w.empty(
      "cipher",
      attr("name", cipher.name) + attr("size", cipher.size) + attr("mode", cipher.mode) + attr("hash", cipher.hash),
    );
    if (ivgen !== undefined) w.empty("ivgen", attr("name", ivgen.name) + attr("hash", ivgen.hash));
  });
}

function formatReservations(w: XmlWriter, pr: NonNullable<SourceCommon["reservations"]>, context: FormatContext): void {
  const managed = attr("managed", pr.managed);
  if (pr.path === undefined || (pr.managed === "yes" && context.migratable)) w.empty("reservations", managed);
  else {
    w.block("reservations", managed, () => {
      w.empty("source", attr("type", "unix") + attr("path", pr.path) + attr("mode", "client"));
    });
  }
}

export function formatMetadataCache(w: XmlWriter, bytes: number | undefined): void {
  if (!bytes) return;
  w.block("metadata_cache", "", () => w.leaf("max_size", bytes, attr("unit", "bytes")));
}

export function formatBackingStore(w: XmlWriter, store: BackingStore | undefined, context: FormatContext): void {
  if (store === undefined) return;
  if (store.kind === "end") {
    w.empty("backingStore");
    return;
  }
  w.element("backingStore", attr("type", store.source.type) + attrNonzero("index", store.source.index), () => {
    w.element("format", attr("type", store.format), () => formatMetadataCache(w, store.source.metadataCacheMaxSize));
    formatStorageSource(w, store.source, context);
    formatBackingStore(w, store.backingStore, context);
  });
}
