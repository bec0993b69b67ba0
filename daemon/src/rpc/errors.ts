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
