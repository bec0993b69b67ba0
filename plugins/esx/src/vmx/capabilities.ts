import type { Capabilities, GuestCapability } from "@polyvisor/sdk/conf/capabilities";

/** What a host can run: 32-bit machines, and 64-bit ones where its CPU has the long mode. */
export function vmwareCapabilities(longMode: boolean, uuid?: string): Capabilities {
  const guest = (arch: string, wordsize: 32 | 64): GuestCapability => ({
    osType: "hvm",
    arch,
    wordsize,
    domains: [{ type: "vmware" }],
    features: [],
  });
  return {
    host: {
      uuid,
      arch: longMode ? "x86_64" : "i686",
      pageSizes: [],
      powerManagement: [],
      iommu: false,
      migration: { live: true, uriTransports: ["vpxmigr"] },
      securityModels: [],
    },
    guests: longMode ? [guest("i686", 32), guest("x86_64", 64)] : [guest("i686", 32)],
  };
}
