import { AFFECT, VirtError } from "@polyvisor/core";
import type { QemuDomain } from "./domain.js";
import { notRunning } from "./errors.js";

/** The configurations that a change is for. */
export interface Targets {
  readonly live: boolean;
  readonly config: boolean;
}

/** Without a flag a change is for the guest if it runs, else for the definition. */
export function targetsOf(domain: QemuDomain, flags: number): Targets {
  const live = (flags & AFFECT.LIVE) !== 0;
  const config = (flags & AFFECT.CONFIG) !== 0;
  if (!live && !config) return { live: domain.isActive, config: !domain.isActive };
  if (live && !domain.isActive) throw notRunning();
  if (config && !domain.persistent) throw noDefinition();
  return { live, config };
}

/** As `targetsOf`, for calls that take one at a time. */
export function targetOf(domain: QemuDomain, flags: number): "live" | "config" {
  if ((flags & AFFECT.LIVE) !== 0 && (flags & AFFECT.CONFIG) !== 0) {
    throw new VirtError("INVALID_ARG", "flags", {
      message: "Flags 'VIR_DOMAIN_AFFECT_LIVE' and 'VIR_DOMAIN_AFFECT_CONFIG' are mutually exclusive",
      domain: "DOMAIN",
      hint: "make one call for the guest and one for the definition",
    });
  }
  return targetsOf(domain, flags).live ? "live" : "config";
}

function noDefinition(): VirtError {
  return new VirtError("OPERATION_INVALID", "transient domains do not have any persistent config", {
    domain: "DOMAIN",
    hint: "define the domain first, or change the running guest alone",
  });
}
