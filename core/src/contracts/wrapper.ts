import { ERRORS, type ErrorName, VirtError } from "../errors/index.js";

const REFUSAL = /^polyvisor: ([A-Z_]+): (.*)$/m;

/**
 * The error of a guest's wrapper (`guestWrapper` of `lock.v1` and `security.v1`) that did not let the guest start. Nobody is
 * its parent who could read an exit status, so it says why in a line of its own on standard error, `polyvisor: CODE: words`
 * with the code's name, and ends. `undefined` where there is no such line: then the emulator itself has failed.
 */
export function wrapperRefusal(said: string): VirtError | undefined {
  const [, code = "", words = ""] = REFUSAL.exec(said) ?? [];
  return Object.hasOwn(ERRORS, code) ? new VirtError(code as ErrorName, words) : undefined;
}
