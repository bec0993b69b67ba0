import { Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { inspect } from "node:util";
import type { HeldEntries } from "@polyvisor/core";
import { keepDescriptorsFromChildren } from "@polyvisor/sdk/process";
import { RpcClient } from "@polyvisor/sdk/rpc";
import { PLUGIN_EXIT } from "../exit-codes.js";
import { endWith } from "./last-words.js";
import { PluginProcess } from "./plugin-process.js";

/**
 * The program of an isolated plugin's process. A host starts it with two connections: on the first one the host calls, on
 * the second one the plugin.
 */
const CALLS_FD = 3;
const SERVICES_FD = 4;
/** How long drivers may take to close once the host is gone, in milliseconds. */
const CLOSE_MS = 500;

function fail(error: unknown): never {
  endWith(PLUGIN_EXIT.UNCAUGHT, inspect(error));
}

function open(fd: number): Socket {
  try {
    return new Socket({ fd, readable: true, writable: true });
  } catch {
    endWith(PLUGIN_EXIT.NO_HOST, "polyvisor-plugin: polyvisord starts this program, for a plugin that it isolates");
  }
}

/** The program. `held` is given where it is bundled with plugins. */
export async function run(held?: HeldEntries): Promise<void> {
  process.on("uncaughtException", fail);
  process.on("unhandledRejection", fail);
  // A terminal sends these to the whole process group: when to end, the host says.
  for (const signal of ["SIGINT", "SIGHUP", "SIGTERM"] as const) process.on(signal, () => {});
  const [calls, services] = [open(CALLS_FD), open(SERVICES_FD)];
  keepDescriptorsFromChildren();
  const plugin = new PluginProcess(calls, new RpcClient({ socket: services, isDirect: true }), held);
  await plugin.hostGone;
  // Calls that run now cannot end well, and must not go on beside the process of the next host.
  await Promise.race([plugin.close(), delay(CLOSE_MS)]);
  process.exit(PLUGIN_EXIT.HOST_GONE);
}
