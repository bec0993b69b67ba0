import { AFFECT, checkFlags, type Domain, type DomainDevicesHandlers, VirtError } from "@polyvisor/core";
import { type Domain as Config, type Device, parseDevice } from "@polyvisor/sdk/conf/domain";
import { targetsOf } from "@polyvisor/sdk/lifecycle";
import type { LoadNetworks, LxcHypervisor } from "../pieces.js";
import { attachConfig, detachConfig, updateConfig } from "./config.js";
import { attachLive, detachLive, type Running } from "./live.js";

const AFFECTED = AFFECT.LIVE | AFFECT.CONFIG;

interface Change {
  readonly api: string;
  /** Of a device that need not be complete: it is there already. */
  readonly skipChecks: boolean;
  readonly config: (definition: Config, device: Device) => Config;
  readonly live: (running: Running, device: Device) => Promise<Config>;
}

const ATTACH: Change = { api: "domainAttachDeviceFlags", skipChecks: false, config: attachConfig, live: attachLive };
const DETACH: Change = {
  api: "domainDetachDeviceFlags",
  skipChecks: true,
  config: detachConfig,
  live: detachLive,
};
const UPDATE: Change = {
  api: "domainUpdateDeviceFlags",
  skipChecks: false,
  config: updateConfig,
  live() {
    const hint = "change the definition with --config, or detach the device and attach it again";
    throw new VirtError("OPERATION_UNSUPPORTED", "Unable to modify live devices", { domain: "LXC", hint });
  },
};

/** Devices that come and go while a container runs, and in its definition. */
export function deviceHandlers(hypervisor: LxcHypervisor, loadNetworks: LoadNetworks): DomainDevicesHandlers {
  const apply = (
    change: Change,
    { dom, xml, flags }: { readonly dom: Domain; readonly xml: string; readonly flags: number },
  ) => {
    checkFlags(flags, AFFECTED, `lxc${change.api.replace("domain", "Domain")}`, "LXC");
    const domain = hypervisor.domains.find(dom);
    return domain.knownJobs.run({ kind: "modify", api: change.api }, async () => {
      const targets = targetsOf(domain, flags);
      const isLive = targets.includes("live");
      const definition = targets.includes("config") ? domain.config(true) : undefined;
      const hooks = { defaultArch: "x86_64", ...hypervisor.backend.documents };
      const read = (owner: Config) => parseDevice(xml, owner, { hooks, skipChecks: change.skipChecks });
      const edited = definition && change.config(definition, read(definition));
      if (isLive) {
        const running = { container: domain.active(), config: domain.config(), loadNetworks };
        const changed = await change.live(running, read(running.config));
        running.container.runsWith(changed);
        await hypervisor.setLive(domain, changed);
      }
      if (edited !== undefined) await hypervisor.setDefined(domain, edited);
    });
  };
  return {
    domainAttachDevice: ({ dom, xml }) => apply(ATTACH, { dom, xml, flags: AFFECT.LIVE }),
    domainAttachDeviceFlags: (args) => apply(ATTACH, args),
    domainDetachDevice: ({ dom, xml }) => apply(DETACH, { dom, xml, flags: AFFECT.LIVE }),
    domainDetachDeviceFlags: (args) => apply(DETACH, args),
    domainUpdateDeviceFlags: (args) => apply(UPDATE, args),
  };
}
