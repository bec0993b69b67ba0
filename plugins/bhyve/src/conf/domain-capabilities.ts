import type { DomainCapabilities } from "@polyvisor/sdk/conf/domain-capabilities";
import type { BhyveFeature } from "./features.js";

const NO: { readonly supported: false } = { supported: false };

export interface DomainCapabilitiesWish {
  readonly emulator: string;
  readonly machine?: string | undefined;
  readonly arch: string;
}

/** What guests can have. `firmwares`: the paths of images that they can boot from. */
export function bhyveDomainCapabilities(
  { emulator, machine, arch }: DomainCapabilitiesWish,
  features: ReadonlySet<BhyveFeature>,
  firmwares: readonly string[],
): DomainCapabilities {
  const hasScreen = features.has("fbuf");
  return {
    path: emulator,
    type: "bhyve",
    machine,
    arch,
    iothreads: false,
    os: {
      supported: true,
      enums: {},
      loader: features.has("bootrom")
        ? { supported: true, values: firmwares, enums: { type: ["pflash"], readonly: ["yes"] } }
        : NO,
    },
    cpu: { hostPassthrough: NO, maximum: NO, hostModel: undefined, custom: [] },
    devices: {
      disk: { supported: true, enums: { diskDevice: ["disk", "cdrom"], bus: ["virtio", "sata"], model: [] } },
      graphics: hasScreen ? { supported: true, enums: { type: ["vnc"] } } : NO,
      video: hasScreen ? { supported: true, enums: { modelType: ["gop"] } } : NO,
      hostdev: NO,
    },
    features: { gic: NO, simple: { vmcoreinfo: false, genid: false } },
  };
}
