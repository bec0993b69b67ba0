import { createHash } from "node:crypto";
import type { Server } from "../server.js";
import { esxError } from "../soap/error.js";
import type { Value } from "../soap/reply.js";

/** What the host's network is made of: its cards, its switches, the switches' groups of ports. */
export interface HostNetwork {
  readonly cards: readonly Value[];
  readonly switches: readonly Value[];
  readonly portGroups: readonly Value[];
}

const PATHS = ["config.network.pnic", "config.network.vswitch", "config.network.portgroup"];

/** All of it in one call. */
export async function readHostNetwork({ facts }: Server): Promise<HostNetwork> {
  const found = await facts.now(...PATHS);
  const [cards = [], switches = [], portGroups = []] = PATHS.map((path) => found.get(path)?.members ?? []);
  return { cards, switches, portGroups };
}

export function switchNamed(network: HostNetwork, name: string): Value {
  const found = network.switches.find((each) => each.textAt("name") === name);
  if (found !== undefined) return found;
  const detail = `Could not find HostVirtualSwitch with name '${name}'`;
  throw esxError("NO_NETWORK", detail, "net-list shows the host's switches");
}

/** Switches have a key that never changes, and no UUID: the key's hash does for one. */
export function uuidOfSwitch(found: Value): string {
  return hashUuid(found.textAt("key") ?? "");
}

/** Sixteen bytes that stand for a name for ever. */
export function hashUuid(text: string): string {
  const digits = createHash("md5").update(text).digest("hex");
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
