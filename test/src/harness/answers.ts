import { channel } from "node:diagnostics_channel";
import { ANSWERS } from "@polyvisor/core";

/** Records a call that a client's library has answered for a plugin's connection, by its public name. See docs/support-matrix.md. */
export function recordLibraryCall(plugin: string, call: string): void {
  channel(ANSWERS).publish({ plugin, call, error: undefined });
}
