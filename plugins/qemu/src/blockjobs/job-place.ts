import type { QemuDomain } from "../domain.js";
import type { Guest } from "../guest.js";
import { liveEnvironment } from "../hotplug/live-environment.js";
import type { Hypervisor } from "../hypervisor.js";
import type { JobPlace } from "./conclude.js";

export function jobPlace(hypervisor: Hypervisor, domain: QemuDomain, guest: Guest): JobPlace {
  const place = { hypervisor, domain, guest };
  return { ...place, env: liveEnvironment(place) };
}
