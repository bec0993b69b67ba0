import { type ErrorName, VirtError } from "@polyvisor/core";

/** An error of this driver. */
export function bhyveError(code: ErrorName, detail: string, hint?: string): VirtError {
  return new VirtError(code, detail, hint === undefined ? { domain: "BHYVE" } : { domain: "BHYVE", hint });
}

/** Throws what this bhyve, or bhyve at all, cannot do. */
export function unsupported(detail: string, hint?: string): never {
  throw bhyveError("CONFIG_UNSUPPORTED", detail, hint);
}
