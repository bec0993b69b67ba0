import type { Capabilities } from "@polyvisor/sdk/conf/capabilities";
import type { HostFacts } from "@polyvisor/sdk/conf/host";

/** What the capabilities of a host with bhyve are made of. */
export interface BhyveHostFacts {
  readonly facts: HostFacts;
  readonly uuid?: string | undefined;
}

export function bhyveCapabilities({ facts, uuid }: BhyveHostFacts): Capabilities {
  return {
    host: {
      uuid,
      arch: facts.arch,
      pageSizes: facts.pageSizes,
      powerManagement: [],
      iommu: facts.iommu,
      topology: facts.nodes,
      securityModels: [],
    },
    guests: [
      {
        osType: "hvm",
        arch: "x86_64",
        wordsize: 64,
        emulator: "bhyve",
        domains: [{ type: "bhyve" }],
        features: [],
      },
    ],
  };
}
