import { AFFECT, VirtError } from "@polyvisor/core";
import { notRunning, type Target, type TestDomain } from "./domain.js";
import { badArgument } from "./errors.js";

/** The configurations that a change is for. Without a flag it is for the guest if it runs, else for the definition. */
export function targetsOf(domain: TestDomain, flags: number): Target[] {
  const live = (flags & AFFECT.LIVE) !== 0;
  const defined = (flags & AFFECT.CONFIG) !== 0;
  if (!live && !defined) return [domain.isActive ? "live" : "defined"];
  if (live && !domain.isActive) throw notRunning();
  if (defined && !domain.persistent) throw noDefinition();
  return [...(live ? (["live"] as const) : []), ...(defined ? (["defined"] as const) : [])];
}

/** As `targetsOf`, for calls that take one at a time. */
export function targetOf(domain: TestDomain, flags: number): Target {
  if ((flags & AFFECT.LIVE) !== 0 && (flags & AFFECT.CONFIG) !== 0) throw exclusive();
  const [target = "defined"] = targetsOf(domain, flags);
  return target;
}

function noDefinition(): VirtError {
  return new VirtError("OPERATION_INVALID", "transient domains do not have any persistent config", {
    domain: "DOMAIN",
    hint: "define the domain first, or change the running guest alone",
  });
}

function exclusive(): VirtError {
  return badArgument(
    "flags",
    "Flags 'VIR_DOMAIN_AFFECT_LIVE' and 'VIR_DOMAIN_AFFECT_CONFIG' are mutually exclusive",
    "make one call for the guest and one for the definition",
  );
}
