import { AFFECT, VirtError } from "@polyvisor/core";

/** Which of a domain's configurations: that of the running guest, or the one that its next start takes. */
export type Target = "live" | "config";

/** What of a domain decides which configurations a change can be for. */
export interface Affected {
  readonly isActive: boolean;
  readonly persistent: boolean;
}

/** The configurations that a change is for; `flags` as `AFFECT`. Without one it is for the guest if it runs, else for the definition. */
export function targetsOf(domain: Affected, flags: number): readonly Target[] {
  const live = (flags & AFFECT.LIVE) !== 0;
  const config = (flags & AFFECT.CONFIG) !== 0;
  if (!live && !config) return [domain.isActive ? "live" : "config"];
  if (live && !domain.isActive) throw notRunning();
  if (config && !domain.persistent) throw noDefinition();
  return [...(live ? (["live"] as const) : []), ...(config ? (["config"] as const) : [])];
}

/** As `targetsOf`, for calls that take one at a time. */
export function targetOf(domain: Affected, flags: number): Target {
  if ((flags & AFFECT.LIVE) !== 0 && (flags & AFFECT.CONFIG) !== 0) throw exclusive();
  return targetsOf(domain, flags)[0] ?? "config";
}

/** What calls answer that need a running domain. */
export function notRunning(): VirtError {
  return new VirtError("OPERATION_INVALID", "domain is not running", {
    domain: "DOMAIN",
    hint: "start the domain first",
  });
}

function noDefinition(): VirtError {
  return new VirtError("OPERATION_INVALID", "transient domains do not have any persistent config", {
    domain: "DOMAIN",
    hint: "define the domain first, or change the running guest alone",
  });
}

function exclusive(): VirtError {
  return new VirtError("INVALID_ARG", "flags", {
    message: "Flags 'VIR_DOMAIN_AFFECT_LIVE' and 'VIR_DOMAIN_AFFECT_CONFIG' are mutually exclusive",
    caller: "virDomainObjGetOneDefState",
    domain: "DOMAIN",
    hint: "make one call for the guest and one for the definition",
  });
}
