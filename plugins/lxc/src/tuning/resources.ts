import type { Domain as Config } from "@polyvisor/sdk/conf/domain";
import type { OciResources } from "../bundle/oci.js";

/** What a container is held to from its start on, less the devices: `config` says the rest. */
export function linuxResources(config: Config): Omit<OciResources, "devices"> {
  return { memory: { limit: config.memory * 1024 } };
}
