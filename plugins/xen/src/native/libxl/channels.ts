import type { Channel, Domain } from "@polyvisor/sdk/conf";
import { refuse } from "../errors.js";
import type { LibxlFacts } from "./facts.js";
import type { JsonObject } from "./json.js";

const DEFAULT_FOLDER = "/var/lib/libvirt/libxl/channel/target";

/** A channel with the path of its socket. Throws what Xen's channels are not. */
export function completeChannel(channel: Channel, { name }: Domain, { channelFolder }: LibxlFacts): Channel {
  const { source, target } = channel;
  if (target.type !== "xen") {
    refuse("CONFIG_UNSUPPORTED", "channel target type not supported", "Use <target type='xen'>.", "LIBXL");
  }
  if (source.type !== "pty" && source.type !== "unix") {
    refuse("CONFIG_UNSUPPORTED", "channel source type not supported", "Use type='pty' or type='unix'.", "LIBXL");
  }
  if (target.name === undefined) {
    refuse("OPERATION_INVALID", "channel target name missing", "Add name='...' to <target>.", "LIBXL");
  }
  if (source.type === "pty" || source.path !== undefined) return channel;
  const path = `${channelFolder ?? DEFAULT_FOLDER}/${name}-${target.name}`;
  return { ...channel, source: { ...source, path, mode: "bind" } };
}

export function channelInfo(channel: Channel, domain: Domain, facts: LibxlFacts): JsonObject {
  const { source, target } = completeChannel(channel, domain, facts);
  const name = "name" in target ? target.name : undefined;
  return source.type === "unix" ? { name, "connection.socket": { path: source.path } } : { name, "connection.pty": {} };
}
