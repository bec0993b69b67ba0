import type { Domain, LifecycleAction } from "@polyvisor/sdk/conf";
import { buildInfo } from "./build-info.js";
import { channelInfo } from "./channels.js";
import { createInfo } from "./create-info.js";
import { diskInfo } from "./disks.js";
import type { LibxlFacts } from "./facts.js";
import { hostDevices } from "./host-devices.js";
import type { JsonObject } from "./json.js";
import { nicInfo } from "./nics.js";
import { withPorts } from "./ports.js";
import { framebuffers } from "./vfbs.js";

/** libxl's names of what may follow a guest's end, in the words of a configuration. */
export const ACTIONS: Readonly<Record<LifecycleAction, string>> = {
  destroy: "destroy",
  restart: "restart",
  "rename-restart": "restart_rename",
  preserve: "preserve",
  "coredump-destroy": "coredump_destroy",
  "coredump-restart": "coredump_restart",
};

/** The domain as the `libxl_domain_config` that libvirt's driver would start. Throws what Xen cannot do, in libvirt's words. */
export function toLibxlJson(written: Domain, facts: LibxlFacts = {}): JsonObject {
  const domain = withPorts(written, facts);
  const { disks, interfaces, channels } = domain.devices;
  const cards = interfaces.filter(({ source }) => source.type !== "hostdev");
  return {
    c_info: createInfo(domain),
    b_info: buildInfo(domain, facts),
    disks: some(disks.map(diskInfo)),
    nics: some(cards.map((each, at) => nicInfo(each, at, domain, facts))),
    ...hostDevices(domain),
    ...framebuffers(domain),
    channels: some(channels.map((each) => channelInfo(each, domain, facts))),
    on_poweroff: ACTIONS[domain.onPoweroff],
    on_reboot: ACTIONS[domain.onReboot],
    on_crash: ACTIONS[domain.onCrash],
  };
}

function some<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length === 0 ? undefined : list;
}
