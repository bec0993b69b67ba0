import { checkFlags as check, type ErrorDetail, type ErrorName, VirtError } from "@polyvisor/core";

/** An error of this driver. */
export function vboxError(code: ErrorName, detail: string, more: Omit<ErrorDetail, "domain"> = {}): VirtError {
  return new VirtError(code, detail, { ...more, domain: "VBOX" });
}

/** Refuses flags that a call does not know; `caller` is the name of libvirt's function for it, which stands in the message. */
export function checkFlags(flags: number, known: number, caller: string): void {
  check(flags, known, caller, "VBOX");
}
