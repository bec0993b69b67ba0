import { withoutBlanks } from "../../xml/index.js";
import type { NamespaceHooks } from "./hooks.js";

/** The prefixes of the hypervisors that have elements of their own. */
export type NamespacePrefix = "qemu" | "bhyve" | "xen" | "vmware" | "lxc";

/** Keeps a hypervisor's own elements as they are written, for a driver that does not look into them. */
export function passThroughNamespace(prefix: NamespacePrefix): NamespaceHooks {
  return {
    prefix,
    uri: `http://libvirt.org/schemas/domain/${prefix}/1.0`,
    parse: (elements) => elements.map(withoutBlanks),
  };
}
