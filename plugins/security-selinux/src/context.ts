import { VirtError } from "@polyvisor/core";

/** An SELinux context, `user:role:type[:range]`. The range may have colons of its own. */
export interface Context {
  readonly user: string;
  readonly role: string;
  readonly type: string;
  /** Such as `s0:c41,c264`; absent where the policy has no levels. */
  readonly range?: string;
}

const FORM = /^([^\s:]+):([^\s:]+):([^\s:]+)(?::([^\s]+))?$/;

/** `undefined` where it is none. */
export function parseContext(text: string): Context | undefined {
  const [, user, role, type, range] = FORM.exec(text) ?? [];
  if (user === undefined || role === undefined || type === undefined) return undefined;
  return { user, role, type, ...(range === undefined ? {} : { range }) };
}

/** A context that the host or the configuration says. Fails with `INVALID_ARG`. */
export function expectContext(text: string, what: string): Context {
  const context = parseContext(text);
  if (context !== undefined) return context;
  throw new VirtError("INVALID_ARG", `unable to parse ${what} '${text}'`, {
    domain: "SECURITY",
    hint: "an SELinux context reads user:role:type:range",
  });
}

export function formatContext({ user, role, type, range }: Context): string {
  return [user, role, type, ...(range === undefined ? [] : [range])].join(":");
}
