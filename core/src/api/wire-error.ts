import type { VirtError } from "../errors/index.js";
import { i32, type OutOf, optional, struct } from "../xdr/index.js";
import { domain, text } from "./types.js";
import { uuid } from "./uuid.js";

/** An error in a reply (`virNetMessageError`). */
export const wireError = struct({
  code: i32,
  domain: i32,
  message: optional(text),
  level: i32,
  dom: optional(domain),
  str1: optional(text),
  str2: optional(text),
  str3: optional(text),
  int1: i32,
  int2: i32,
  net: optional(struct({ name: text, uuid })),
});

type WireError = OutOf<typeof wireError>;

/** The level of every error that fails a call (`VIR_ERR_ERROR`). */
const LEVEL_ERROR = 2;

/**
 * libvirt repeats in `str1` and `str2` what the message was made of, or the function and the argument that it refused, and
 * leaves `str3` empty, which is the hint here; language bindings show them.
 */
export function wireErrorOf(error: VirtError): Parameters<typeof wireError.encode>[1] {
  const refused = error.caller !== undefined;
  return {
    code: error.number,
    domain: error.domainNumber,
    message: error.message,
    level: LEVEL_ERROR,
    dom: error.about ?? null,
    str1: error.caller ?? error.template,
    str2: error.detail === "" ? null : error.detail,
    str3: error.hint ?? null,
    int1: refused ? 0 : (error.errno ?? -1),
    int2: refused ? 0 : -1,
    net: null,
  };
}

/** The same out of what a peer sent: the function that refused an argument, or the system's number of what went wrong. */
export function refusalIn({ str1, int1, int2 }: WireError): { caller?: string; errno?: number } {
  if (int1 === 0 && int2 === 0 && str1 !== null) return { caller: str1 };
  return int1 >= 0 && int2 === -1 ? { errno: int1 } : {};
}
