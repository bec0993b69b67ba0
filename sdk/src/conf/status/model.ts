import type { XmlElement } from "../../xml/index.js";
import type { DomainStateWords } from "./states.js";

/** Why a running domain is not one that anybody would vouch for, in the order in which libvirt prints them. */
export const DOMAIN_TAINTS = [
  "custom-argv",
  "custom-monitor",
  "high-privileges",
  "shell-scripts",
  "disk-probing",
  "external-launch",
  "host-cpu",
  "hook-script",
  "cdrom-passthrough",
  "custom-dtb",
  "custom-ga-command",
  "custom-hypervisor-feature",
  "deprecated-config",
  "custom-device",
] as const;

export type DomainTaint = (typeof DOMAIN_TAINTS)[number];

/** What the status document of a running domain holds on every hypervisor. */
export interface StatusFrame {
  readonly status: DomainStateWords;
  /** Of the process that the domain runs in. */
  readonly pid: number;
  readonly taints: readonly DomainTaint[];
  /** Messages about deprecated things in the configuration. */
  readonly deprecations: readonly string[];
}

/** A status document taken apart: a driver reads its own elements and the domain's configuration. */
export interface StatusDocument {
  readonly frame: StatusFrame;
  readonly driver: readonly XmlElement[];
  readonly domain: XmlElement;
}
