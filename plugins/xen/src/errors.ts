import { checkFlags as check, type ErrorName, VirtError } from "@polyvisor/core";

/** An error of this driver. */
export function xenError(code: ErrorName, detail: string, hint?: string): VirtError {
  return new VirtError(code, detail, { domain: "LIBXL", ...(hint === undefined ? {} : { hint }) });
}

/** Refuses flags that a call does not know; `caller` is the name of libvirt's function for it, which stands in the message. */
export function checkFlags(flags: number, known: number, caller: string): void {
  check(flags, known, caller, "LIBXL");
}
