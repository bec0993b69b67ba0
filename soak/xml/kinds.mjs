// How documents of each kind are read and printed.
import * as conf from "@polyvisor/sdk/conf";

const UUID = "00000000-0000-4000-8000-000000000000";
const made = { newUuid: () => UUID };
const domain = {
  ...made,
  newMac: () => "52:54:00:00:00:00",
  hooks: {
    defaultArch: "x86_64",
    features: new Set([
      "memory-hotplug",
      "offline-vcpupin",
      "individual-vcpus",
      "user-alias",
      "net-model-string",
      "disk-fd",
    ]),
    defaultSecurityModel: "none",
    devices: {
      video: (video) => (video.model.type === undefined ? { ...video, model: { ...video.model, type: "vga" } } : video),
    },
  },
};
const moment = { now: () => 1_272_917_631, redefine: true, domain };
const POOL = { type: "dir" };

/** By kind: the root element, `read` from text to a model, `write` from a model to text. Both are pure. */
export const KINDS = {
  domain: {
    root: "domain",
    read: (xml) => conf.parseDomain(xml, domain),
    write: (model) => conf.formatDomain(model, { inactive: true, secure: true }),
  },
  network: {
    root: "network",
    read: (xml) => conf.parseNetwork(xml, made),
    write: (model) => conf.formatNetwork(model),
  },
  "network-port": { root: "networkport", read: conf.parseNetworkPort, write: conf.formatNetworkPort },
  "storage-pool": {
    root: "pool",
    read: (xml) => conf.parseStoragePool(xml, made),
    write: (model) => conf.formatStoragePool(model),
  },
  "storage-volume": {
    root: "volume",
    read: (xml) => conf.parseStorageVolume(xml, POOL),
    write: (model) => conf.formatStorageVolume(model),
  },
  nwfilter: {
    root: "filter",
    read: (xml) => conf.parseNetworkFilter(xml, made),
    write: (model) => conf.formatNetworkFilter(model),
  },
  "nwfilter-binding": { root: "filterbinding", read: conf.parseFilterBinding, write: conf.formatFilterBinding },
  "node-device": {
    root: "device",
    read: (xml) => conf.parseNodeDevice(xml),
    write: (model) => conf.formatNodeDevice(model),
  },
  interface: { root: "interface", read: conf.parseHostInterface, write: conf.formatHostInterface },
  secret: { root: "secret", read: (xml) => conf.parseSecret(xml, made), write: conf.formatSecret },
  snapshot: {
    root: "domainsnapshot",
    read: (xml) => conf.parseSnapshot(xml, moment),
    write: (model) => conf.formatSnapshot(model, { secure: true }),
  },
  checkpoint: {
    root: "domaincheckpoint",
    read: (xml) => conf.parseCheckpoint(xml, moment),
    write: (model) => conf.formatCheckpoint(model, { secure: true }),
  },
  backup: {
    root: "domainbackup",
    read: (xml) => conf.parseBackup(xml),
    write: (model) => conf.formatBackup(model),
  },
};
