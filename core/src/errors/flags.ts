import type { ErrorDomain } from "./codes.js";
import { VirtError } from "./error.js";

/**
 * Refuses flags that a call does not know. Called by drivers first of all, before anything is looked up.
 * `caller` is the function that libvirt's own driver names in its message.
 */
export function checkFlags(flags: number, known: number, caller: string, domain: ErrorDomain): void {
  const unknown = (flags & ~known) >>> 0;
  if (unknown === 0) return;
  throw new VirtError("INVALID_ARG", "flags", {
    message: `unsupported flags (0x${unknown.toString(16)}) in function ${caller}`,
    caller,
    domain,
  });
}
