import { checkFlags as check, type ErrorDetail, type ErrorName, VirtError } from "@polyvisor/core";

/** An error of this driver. */
export function hypervError(code: ErrorName, detail: string, hint?: string, more: ErrorDetail = {}): VirtError {
  return new VirtError(code, detail, { ...more, domain: "HYPERV", ...(hint === undefined ? {} : { hint }) });
}

/** What the server itself refused: the reason may be that the machine is gone. */
export class ServerRefusal extends VirtError {
  constructor(detail: string, hint: string) {
    super("INTERNAL_ERROR", detail, { domain: "HYPERV", hint });
  }
}

/** Refuses flags that a call does not know; `caller` is the name of libvirt's function for it, which stands in the message. */
export function checkFlags(flags: number, known: number, caller: string): void {
  check(flags, known, caller, "HYPERV");
}
