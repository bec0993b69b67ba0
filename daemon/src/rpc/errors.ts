import { VirtError } from "@polyvisor/core";

/** What the message layer itself finds wrong with a call. */
export function rpcError(detail: string): VirtError {
  return new VirtError("RPC", detail, { domain: "RPC" });
}

/** A call that needs an open URI came before `connectOpen`, or after it failed. */
export function notOpen(): VirtError {
  return new VirtError("INTERNAL_ERROR", "hypervisor connection not open", {
    domain: "RPC",
    hint: "open a URI on this connection first",
  });
}

/** A client tries to log in where nothing asks for it. */
export function noLogin(): VirtError {
  return new VirtError("AUTH_FAILED", "authentication failed", {
    domain: "RPC",
    hint: "this socket asks for no login",
  });
}
