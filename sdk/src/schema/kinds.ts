import type { ErrorDomain } from "@polyvisor/core";

export interface DocumentKind {
  /** The root element. */
  readonly root: string;
  /** The file of libvirt's schema. */
  readonly schema: string;
  /** How libvirt calls such a document in its messages. */
  readonly documentName: string;
  readonly errorDomain: ErrorDomain;
}

/** The documents of libvirt's API that have a schema. */
export const DOCUMENT_KINDS = {
  domain: {
    root: "domain",
    schema: "domain.rng",
    documentName: "(domain_definition)",
    errorDomain: "DOMAIN",
  },
  snapshot: {
    root: "domainsnapshot",
    schema: "domainsnapshot.rng",
    documentName: "(domain_snapshot)",
    errorDomain: "DOMAIN_SNAPSHOT",
  },
  checkpoint: {
    root: "domaincheckpoint",
    schema: "domaincheckpoint.rng",
    documentName: "(domain_checkpoint)",
    errorDomain: "DOMAIN_CHECKPOINT",
  },
  backup: {
    root: "domainbackup",
    schema: "domainbackup.rng",
    documentName: "(domain_backup)",
    errorDomain: "DOMAIN",
  },
  cpu: {
    root: "cpu",
    schema: "cpu.rng",
    documentName: "(CPU_definition)",
    errorDomain: "CPU",
  },
  network: {
    root: "network",
    schema: "network.rng",
    documentName: "(network_definition)",
    errorDomain: "NETWORK",
  },
  networkPort: {
    root: "networkport",
    schema: "networkport.rng",
    documentName: "(networkport_definition)",
    errorDomain: "NETWORK",
  },
  storagePool: {
    root: "pool",
    schema: "storagepool.rng",
    documentName: "(storage_pool_definition)",
    errorDomain: "STORAGE",
  },
  storageVolume: {
    root: "volume",
    schema: "storagevol.rng",
    documentName: "(storage_volume_definition)",
    errorDomain: "STORAGE",
  },
  nodeDevice: {
    root: "device",
    schema: "nodedev.rng",
    documentName: "(node_device_definition)",
    errorDomain: "NODEDEV",
  },
  interface: {
    root: "interface",
    schema: "interface.rng",
    documentName: "(interface_definition)",
    errorDomain: "INTERFACE",
  },
  nwfilter: {
    root: "filter",
    schema: "nwfilter.rng",
    documentName: "(nwfilter_definition)",
    errorDomain: "NWFILTER",
  },
  nwfilterBinding: {
    root: "filterbinding",
    schema: "nwfilterbinding.rng",
    documentName: "(nwfilterbinding_definition)",
    errorDomain: "NWFILTER",
  },
  secret: {
    root: "secret",
    schema: "secret.rng",
    documentName: "(definition_of_secret)",
    errorDomain: "SECRET",
  },
} as const satisfies Readonly<Record<string, DocumentKind>>;

export type DocumentKindName = keyof typeof DOCUMENT_KINDS;
