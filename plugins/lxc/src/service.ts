import type { HostInfo, HostServices, Log } from "@polyvisor/core";
import { readHostFacts } from "@polyvisor/sdk/conf/host";
import { GuestDriver } from "@polyvisor/sdk/driver";
import { readHostUuid } from "@polyvisor/sdk/host";
import { LxcBackend } from "./backend.js";
import { lxcCapabilities } from "./conf/capabilities.js";
import type { LiveContainer } from "./container/live.js";
import { Places } from "./container/place.js";
import { SHIM } from "./shim/launch.js";

/** What the operator may set in `plugins/lxc.conf`. */
export interface LxcSettings {
  readonly engine?: string;
}

/** The driver at work, from the first need of it to the end of the daemon. */
export async function makeService(
  info: HostInfo,
  log: Log,
  services: HostServices | undefined,
  { engine }: LxcSettings,
): Promise<GuestDriver<LiveContainer>> {
  const facts = readHostFacts();
  const uuid = info.uuid ?? (await readHostUuid());
  const capabilities = lxcCapabilities({ facts, uuid, emulator: SHIM });
  const backend = new LxcBackend({ places: new Places(info.paths), log, services, capabilities, engine });
  return new GuestDriver(backend, { info, log });
}
