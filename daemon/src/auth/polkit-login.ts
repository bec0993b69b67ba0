import type { LoginMechanisms } from "@polyvisor/core";
import { askPolkit, type PolkitAuthority } from "./polkit.js";

/** The contract `auth.v1` of polkit: it is asked about the client's process, which says nothing itself. */
export function polkitLogin(authority: PolkitAuthority): LoginMechanisms {
  return {
    mechanisms: () => ["polkit"],
    begin: () => 0,
    async respond(_args, context) {
      await askPolkit(authority, context, context.signal);
      return { words: "", done: true, name: null };
    },
    end() {},
  };
}
