import type { Domain } from "@polyvisor/sdk/conf";
import type { NativeContext } from "./context.js";
import { refuse } from "./errors.js";
import type { NetworkFacts } from "./vifs.js";
import { formatXl, parseXl } from "./xl.js";
import { formatXm, parseXm } from "./xm.js";

interface NativeFormat {
  parse(text: string, context: NativeContext): Domain;
  format(domain: Domain, facts: NetworkFacts): string;
}

const FORMATS: ReadonlyMap<string, NativeFormat> = new Map([
  ["xen-xl", { parse: parseXl, format: formatXl }],
  ["xen-xm", { parse: parseXm, format: formatXm }],
]);

function nativeFormat(name: string): NativeFormat {
  const hint = `Use one of ${[...FORMATS.keys()].join(", ")}.`;
  return FORMATS.get(name) ?? refuse("INVALID_ARG", `unsupported config type ${name}`, hint, "LIBXL");
}

/** `virConnectDomainXMLFromNative`. */
export function convertFromNative(format: string, text: string, context: NativeContext): Domain {
  if (format === "xen-sxpr") {
    const words = "conversion from 'xen-sxpr' format is no longer supported";
    refuse("OPERATION_UNSUPPORTED", words, "Ask xl for its own configuration, and use xen-xl.", "LIBXL");
  }
  return nativeFormat(format).parse(text, context);
}

/** `virConnectDomainXMLToNative`. */
export function convertToNative(format: string, domain: Domain, facts: NetworkFacts = {}): string {
  return nativeFormat(format).format(domain, facts);
}
