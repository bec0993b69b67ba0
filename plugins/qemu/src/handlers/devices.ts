import { AFFECT, type Domain, type DomainDevicesHandlers } from "@polyvisor/core";
import { allDevices, type Device, type Domain as DomainConfig, deviceOfAlias } from "@polyvisor/sdk/conf/domain";
import { type Target, targetsOf } from "@polyvisor/sdk/lifecycle";
import type { QemuDomain } from "../domain.js";
import { checkFlags } from "../errors.js";
import {
  attachConfig,
  attachLive,
  detachConfig,
  detachLive,
  liveEnvironment,
  updateConfig,
  updateLive,
} from "../hotplug/index.js";
import type { Hypervisor } from "../hypervisor.js";

const BOTH = AFFECT.LIVE | AFFECT.CONFIG;
/** `VIR_DOMAIN_DEVICE_MODIFY_FORCE` */
const FORCE = 4;

/** Plugging devices in and out, of a guest that runs, of its definition, or of both. */
export function deviceHandlers(hypervisor: Hypervisor): DomainDevicesHandlers {
  const attach = (dom: Domain, xml: string, flags: number) => {
    checkFlags(flags, BOTH, "qemuDomainAttachDeviceLiveAndConfig");
    return change(hypervisor, dom, flags, "domainAttachDeviceFlags", attachChange(hypervisor, xml));
  };
  const detach = (dom: Domain, xml: string, flags: number) => {
    checkFlags(flags, BOTH, "qemuDomainDetachDeviceLiveAndConfig");
    return change(hypervisor, dom, flags, "domainDetachDeviceFlags", detachChange(hypervisor, xml));
  };
  return {
    domainAttachDevice: ({ dom, xml }) => attach(dom, xml, AFFECT.LIVE),
    domainAttachDeviceFlags: ({ dom, xml, flags }) => attach(dom, xml, flags),
    domainDetachDevice: ({ dom, xml }) => detach(dom, xml, AFFECT.LIVE),
    domainDetachDeviceFlags: ({ dom, xml, flags }) => detach(dom, xml, flags),
    domainUpdateDeviceFlags({ dom, xml, flags }) {
      checkFlags(flags, BOTH | FORCE, "qemuDomainUpdateDeviceFlags");
      const plan = updateChange(hypervisor, xml, (flags & FORCE) !== 0);
      return change(hypervisor, dom, flags & BOTH, "domainUpdateDeviceFlags", plan);
    },
    domainDetachDeviceAlias({ dom, alias, flags }) {
      checkFlags(flags, BOTH, "qemuDomainDetachDeviceAliasLiveAndConfig");
      return change(hypervisor, dom, flags, "domainDetachDeviceAlias", aliasChange(hypervisor, alias));
    },
  };
}

/** What a call changes: a definition becomes another one, and a guest changes. */
interface Change {
  /** Before anything is changed: reads what the client sent, and says what the definition will be. */
  define(definition: DomainConfig, both: boolean): Promise<DomainConfig>;
  apply(domain: QemuDomain, both: boolean): Promise<void>;
}

/** The definition is saved last, when the guest has its change. */
function change(hypervisor: Hypervisor, dom: Domain, flags: number, api: string, plan: Change): Promise<void> {
  const domain = hypervisor.domains.find(dom);
  return domain.jobs.run({ kind: "modify", api }, async () => {
    const targets: readonly Target[] = targetsOf(domain, flags);
    const both = targets.length > 1;
    const definition = targets.includes("config") ? await hypervisor.definitions.load(domain.name) : undefined;
    const changed = definition && (await hypervisor.configurations.completed(await plan.define(definition, both)));
    if (targets.includes("live")) await plan.apply(domain, both);
    if (changed !== undefined) await hypervisor.definitions.save(changed);
  });
}

function environmentOf(hypervisor: Hypervisor, domain: QemuDomain) {
  return liveEnvironment({ hypervisor, domain, guest: domain.active() });
}

function attachChange(hypervisor: Hypervisor, xml: string): Change {
  const { configurations } = hypervisor;
  const reading = { inactive: true, onlyToFind: false };
  let defined: Device | undefined;
  return {
    async define(definition) {
      defined = await configurations.readDevice(xml, definition, reading);
      return attachConfig(definition, defined);
    },
    async apply(domain) {
      const { config } = domain.active();
      const device = await configurations.readDevice(xml, config, reading);
      await attachLive(environmentOf(hypervisor, domain), withSameMac(device, defined));
    },
  };
}

/** An address that is made up is the same in the definition. */
function withSameMac(device: Device, defined: Device | undefined): Device {
  if (device.kind !== "interface" || defined?.kind !== "interface") return device;
  return { ...device, mac: defined.mac };
}

function detachChange(hypervisor: Hypervisor, xml: string): Change {
  const { configurations } = hypervisor;
  return {
    async define(definition, both) {
      const reading = { inactive: !both, onlyToFind: true };
      return detachConfig(definition, await configurations.readDevice(xml, definition, reading));
    },
    async apply(domain) {
      const { config } = domain.active();
      const device = await configurations.readDevice(xml, config, { inactive: false, onlyToFind: true });
      await detachLive(environmentOf(hypervisor, domain), device, { wait: true });
    },
  };
}

/** Nobody waits for the guest: that the device is gone is told by an event. */
function aliasChange(hypervisor: Hypervisor, alias: string): Change {
  return {
    define: async (definition) => detachConfig(definition, deviceOfAlias(allDevices(definition), alias)),
    async apply(domain) {
      const device = deviceOfAlias(allDevices(domain.active().config), alias);
      await detachLive(environmentOf(hypervisor, domain), device, { wait: false });
    },
  };
}

function updateChange(hypervisor: Hypervisor, xml: string, force: boolean): Change {
  const { configurations } = hypervisor;
  return {
    async define(definition, both) {
      const reading = { inactive: !both, onlyToFind: false };
      return updateConfig(definition, await configurations.readDevice(xml, definition, reading));
    },
    async apply(domain) {
      const { config } = domain.active();
      const device = await configurations.readDevice(xml, config, { inactive: false, onlyToFind: false });
      await updateLive(environmentOf(hypervisor, domain), device, { force });
    },
  };
}
