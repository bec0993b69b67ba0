import { checkFlags as check, type ErrorName, VirtError } from "@polyvisor/core";

/** An error of this driver. */
export function testError(code: ErrorName, detail: string, hint: string): VirtError {
  return new VirtError(code, detail, { domain: "TEST", hint });
}

/** Refuses flags that a call does not know; `caller` is the name of libvirt's function for it, which stands in the message. */
export function checkFlags(flags: number, known: number, caller: string): void {
  check(flags, known, caller, "TEST");
}

/** What libvirt's public functions refuse before a driver sees it: `argument` of `caller` is zero. */
export function checkNonZero(value: bigint | number, argument: string, caller: string): void {
  if (Number(value) === 0) throw badArgument(argument, `${argument} in ${caller} must not be zero`);
}

/** An argument that is no good in itself, in words that stand alone. */
export function badArgument(argument: string, message: string, hint?: string): VirtError {
  return new VirtError("INVALID_ARG", argument, { message, domain: "DOMAIN", ...(hint === undefined ? {} : { hint }) });
}
