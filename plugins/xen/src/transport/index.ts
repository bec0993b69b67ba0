import type { Dom0Place, XenSettings } from "../settings.js";
import type { Dom0 } from "./dom0.js";

export type { CommandOptions, CommandResult, Dom0, Words } from "./dom0.js";

/** Opens the way to a dom0. Fails with `NO_CONNECT` and its kin, within seconds. */
export async function reachDom0(place: Dom0Place, settings: XenSettings): Promise<Dom0> {
  const deadline = settings.timeout * 1000;
  if (place.way === "local") return (await import("./local.js")).localDom0(settings.xenstore_socket, deadline);
  return (await import("./ssh.js")).sshDom0(place, settings.xenstore_socket, deadline);
}
