import { Descriptor, type DomainDevicesHandlers, FD_ASSOCIATE_FLAG, VirtError } from "@polyvisor/core";
import { checkFlags } from "../errors.js";
import type { Hypervisor } from "../hypervisor.js";

/** Files that a client opens for a domain's disks, since the emulator may not. They go with the connection, `owner`. */
export function fileGroupHandlers(
  hypervisor: Hypervisor,
  owner: object,
): Pick<DomainDevicesHandlers, "domainFDAssociate"> {
  return {
    domainFDAssociate({ dom, name, flags, descriptors }) {
      if (descriptors.length === 0)
        throw new VirtError("INVALID_ARG", "nfds in virDomainFDAssociate must not be zero", { domain: "DOMAIN" });
      const { SECLABEL_RESTORE, SECLABEL_WRITABLE } = FD_ASSOCIATE_FLAG;
      checkFlags(flags, SECLABEL_RESTORE | SECLABEL_WRITABLE, "qemuDomainFDAssociate");
      const domain = hypervisor.domains.find(dom);
      hypervisor.fileGroups.add(domain, name, owner, {
        descriptors: descriptors.map((descriptor) => new Descriptor(descriptor.take())),
        writable: (flags & SECLABEL_WRITABLE) !== 0,
      });
    },
  };
}
