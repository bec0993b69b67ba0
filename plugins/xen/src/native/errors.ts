import { type ErrorDomain, type ErrorName, VirtError } from "@polyvisor/core";

/** Throws what is wrong with a native configuration, or with a domain that one cannot say. */
export function refuse(code: ErrorName, detail: string, hint?: string, domain: ErrorDomain = "XEN"): never {
  throw new VirtError(code, detail, hint === undefined ? { domain } : { domain, hint });
}

export function malformed(name: string): never {
  refuse("INTERNAL_ERROR", `config value ${name} was malformed`, `Write a number for ${name}.`);
}
