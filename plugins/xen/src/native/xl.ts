import type { Domain } from "@polyvisor/sdk/conf";
import { completeDomain, withDevices } from "@polyvisor/sdk/conf/domain";
import { emulatorArguments, emulatorArgumentsOf } from "../conf/index.js";
import { formatXlBoot, parseXlBoot } from "./boot.js";
import { formatChannels, parseChannels } from "./chardevs.js";
import { type Dialect, formatCommon, parseCommon } from "./common.js";
import { readNative } from "./config.js";
import type { NativeContext } from "./context.js";
import { formatCpuid, parseCpu } from "./cpu.js";
import { formatUsbInputs, formatXenbus, parseUsbInputs, parseXenbus } from "./small-devices.js";
import { formatSpice, parseSpice } from "./spice.js";
import { formatUsbControllers, formatUsbDevices, parseUsbControllers, parseUsbDevices } from "./usb.js";
import type { NetworkFacts } from "./vifs.js";
import { formatVnuma } from "./vnuma.js";
import { formatXlDisks, parseXlDisks } from "./xl-disks.js";

const XL: Dialect = { paravirtual: "vif", ports: "many" };

/** A domain from xl.cfg(5), complete. Throws in libvirt's words. */
export function parseXl(text: string, context: NativeContext): Domain {
  const conf = readNative(text);
  const common = parseCommon(conf, context, XL);
  const domain: Domain = {
    ...common,
    ...parseXlBoot(conf, common, context.capabilities),
    cpu: parseCpu(conf, common, context),
    namespace: emulatorArguments(conf.stringsOf("device_model_args")),
  };
  const { graphics, hostdevs } = domain.devices;
  const whole = withDevices(domain, {
    controllers: [parseXenbus(conf), ...parseUsbControllers(conf)],
    disks: parseXlDisks(conf, domain),
    graphics: parseSpice(conf, domain) ?? graphics,
    inputs: parseUsbInputs(conf, domain, "many"),
    hostdevs: [...hostdevs, ...parseUsbDevices(conf)],
    channels: parseChannels(conf),
  });
  return completeNative(whole, context);
}

/** Fills in what every guest has; as in libvirt nothing is checked, so that a configuration may be looked at and mended. */
export function completeNative(domain: Domain, { hooks }: NativeContext): Domain {
  const whole = completeDomain(domain, { hooks, abiUpdate: true, inactive: false, skipChecks: true });
  // a native configuration names no port of a switch, and must read the same each time
  const ports = domain.devices.interfaces.map(({ virtualport }) => virtualport);
  const interfaces = whole.devices.interfaces.map((each, at) => ({ ...each, virtualport: ports[at] }));
  return withDevices(whole, { interfaces });
}

/** What `domxml-to-native` answers. Throws what xl.cfg(5) cannot say. */
export function formatXl(domain: Domain, facts: NetworkFacts = {}): string {
  const settings = formatCommon(domain, facts, XL);
  formatXlBoot(domain, settings);
  formatCpuid(domain, settings);
  formatVnuma(domain, settings);
  formatXenbus(domain, settings);
  formatXlDisks(domain, settings);
  formatSpice(domain, settings);
  formatUsbInputs(domain, settings, "many");
  formatUsbDevices(domain, settings);
  formatUsbControllers(domain, settings);
  formatChannels(domain, settings);
  settings.setList("device_model_args", emulatorArgumentsOf(domain));
  return settings.format();
}
