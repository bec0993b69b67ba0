import type { Capabilities } from "@polyvisor/sdk/conf/capabilities";
import { requireGuest } from "@polyvisor/sdk/conf/capabilities-lookup";
import type { DomainHooks } from "@polyvisor/sdk/conf/domain";

/** How many units an SCSI bus has; machines of hardware version 13 and later have more. */
export const SCSI_UNITS = 16;
export const SCSI_UNITS_WIDE = 64;

/** The namespace of what a document says of the server that a machine is on. */
export const VMWARE_URI = "http://libvirt.org/schemas/domain/vmware/1.0";

/** What makes the configuration of a VMware machine complete. Elements of its own namespace are told, never taken. */
export function vmwareHooks(capabilities: Capabilities, scsiBusMaxUnit = SCSI_UNITS): DomainHooks {
  return {
    features: new Set(["name-slash", "no-boot-order"]),
    defaultArch: "i686",
    macPrefix: "00:0c:29",
    scsiBusMaxUnit,
    namespace: { prefix: "vmware", uri: VMWARE_URI, parse: () => [] },
    domain: (domain) => {
      requireGuest(capabilities, { osType: domain.os.type, arch: domain.os.arch, type: domain.type });
      return domain;
    },
    devices: {
      video: (video) => ({ ...video, model: { ...video.model, type: video.model.type ?? "vmvga" } }),
    },
  };
}
