import { formatDomain, parseDomain } from "@polyvisor/sdk/conf";
import { xenCapabilities, xenHooks } from "../conf/index.js";
import type { NativeContext } from "../native/index.js";

const capabilities = xenCapabilities({ arch: "x86_64", xenCaps: ["xen-3.0-x86_64", "hvm-3.0-x86_64"] });

/** A host as tests of documents need it. */
export const CONTEXT: NativeContext = { capabilities, hooks: xenHooks(capabilities) };

export function readGuest(xml: string): ReturnType<typeof parseDomain> {
  return parseDomain(xml, { hooks: CONTEXT.hooks });
}

/** As a running domain is printed, secrets and all. */
export function printGuest(domain: ReturnType<typeof parseDomain>): string {
  return formatDomain(domain, { inactive: false, secure: true });
}
