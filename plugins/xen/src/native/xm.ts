import type { Domain } from "@polyvisor/sdk/conf";
import { withDevices } from "@polyvisor/sdk/conf/domain";
import { formatXmBoot, parseXmBoot } from "./boot.js";
import { type Dialect, formatCommon, parseCommon } from "./common.js";
import { readNative } from "./config.js";
import type { NativeContext } from "./context.js";
import { formatUsbInputs, parseUsbInputs } from "./small-devices.js";
import type { NetworkFacts } from "./vifs.js";
import { completeNative } from "./xl.js";
import { formatXmDisks, parseXmDisks } from "./xm-disks.js";

const XM: Dialect = { paravirtual: "netfront", ports: "one" };

/** A domain from a configuration of the old `xm`, complete. Throws in libvirt's words. */
export function parseXm(text: string, context: NativeContext): Domain {
  const conf = readNative(text);
  const common = parseCommon(conf, context, XM);
  const domain: Domain = { ...common, ...parseXmBoot(conf, common) };
  const whole = withDevices(domain, {
    disks: parseXmDisks(conf, domain),
    inputs: parseUsbInputs(conf, domain, "one"),
  });
  return completeNative(whole, context);
}

export function formatXm(domain: Domain, facts: NetworkFacts = {}): string {
  const settings = formatCommon(domain, facts, XM);
  formatXmBoot(domain, settings);
  formatXmDisks(domain, settings);
  formatUsbInputs(domain, settings, "one");
  return settings.format();
}
