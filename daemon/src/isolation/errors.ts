import { VirtError } from "@polyvisor/core";

/** `EIO`, as libvirt has it for a daemon that hung up. */
const EIO = 5;

/** What calls of a plugin get whose process has ended under them, in the words for any daemon that is gone. */
export function processGone(plugin: string, words: string): VirtError {
  return new VirtError(
    "SYSTEM_ERROR",
    `End of file while reading data: the process of plugin ${plugin} ended: ${words}: Input/output error`,
    { domain: "RPC", errno: EIO, hint: "open a new connection: the plugin is started again, and finds what runs" },
  );
}

/** What calls get that were under way, or connections that stood, when an operator stopped or replaced the plugin. */
export function pluginStopped(plugin: string): VirtError {
  return new VirtError("OPERATION_ABORTED", `plugin ${plugin} was stopped or replaced by the operator`, {
    domain: "RPC",
    hint: "open a new connection once it runs again",
  });
}

/** What opens fail with while a plugin does not run. */
export function notRunning(plugin: string, why: string): VirtError {
  return new VirtError("NO_CONNECT", `plugin ${plugin} does not run: ${why}`, {
    domain: "RPC",
    hint: "polyvisord --plugins and the daemon's log tell more; an operator can start or replace the plugin",
  });
}

/** Whether an error is the connection's own: its other end may be gone. */
export function isOfConnection(error: unknown): error is VirtError {
  return (
    error instanceof VirtError &&
    error.domain === "RPC" &&
    (error.code === "SYSTEM_ERROR" || error.code === "INTERNAL_ERROR" || error.code === "RPC")
  );
}
