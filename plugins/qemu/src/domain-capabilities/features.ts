import type { FeatureCapabilities } from "@polyvisor/sdk/conf";
import { has, type QemuCapabilities } from "../capabilities/index.js";
import { isArmVirt } from "../conf/machine.js";
import type { GuestKind } from "./describe.js";

/** How many guests with encrypted memory there may be at a time; zeros where the processor does not say. */
export interface SevLimits {
  readonly maxGuests: number;
  readonly maxESGuests: number;
}

export function describeFeatures(caps: QemuCapabilities, kind: GuestKind, limits: SevLimits): FeatureCapabilities {
  const { sev, sgx, hyperv } = caps;
  return {
    gic: gicOf(caps, kind),
    simple: {
      vmcoreinfo: has(caps, "vmcoreinfo"),
      genid: has(caps, "vmgenid"),
      backingStoreInput: true,
      backup: has(caps, "incremental-backup"),
      ...(caps.arch.startsWith("s390") ? { "s390-pv": hasProtectedGuests(caps) } : {}),
    },
    sev: sev && { ...sev, ...limits },
    sgx,
    hyperv: hyperv && { supported: true, enums: { features: hyperv } },
  };
}

/** Whether the host's KVM can do it nobody asks yet. */
function hasProtectedGuests(caps: QemuCapabilities): boolean {
  return has(caps, "confidential-guest-support") && has(caps, "s390-pv-guest") && caps.kvm !== undefined;
}

function gicOf(caps: QemuCapabilities, { arch, machine, type }: GuestKind): FeatureCapabilities["gic"] {
  if (!isArmVirt({ os: { arch, machine } })) return { supported: false };
  const there = (caps.gic ?? []).filter(({ kernel, emulated }) => (type === "kvm" ? kernel : emulated));
  if (there.length === 0) return { supported: false };
  const version = [...new Set(there.map((each) => String(each.version)))].sort();
  return { supported: true, enums: { version } };
}
