import type { Domain } from "@polyvisor/sdk/conf";
import { withDevices } from "@polyvisor/sdk/conf/domain";
import { formatPorts, parsePorts, type SerialPorts } from "./chardevs.js";
import { type NativeReader, NativeSettings } from "./config.js";
import type { NativeContext } from "./context.js";
import { formatClock, formatFeatures, formatTimers, parseClock, parseFeatures } from "./features.js";
import { formatActions, formatGeneral, parseGeneral } from "./general.js";
import { formatGraphics, parseGraphics } from "./graphics.js";
import { formatPciDevices, parsePciDevices } from "./pci.js";
import { formatSounds, parseSounds } from "./small-devices.js";
import { formatVifs, type NetworkFacts, type ParavirtualName, parseVifs } from "./vifs.js";

/** In what xl and xm differ where they say the same things. */
export interface Dialect {
  readonly paravirtual: ParavirtualName;
  readonly ports: SerialPorts;
}

/** What xl and xm both say. */
export function parseCommon(conf: NativeReader, context: NativeContext, dialect: Dialect): Domain {
  const named = parseGeneral(conf, context.capabilities);
  const domain = { ...named, features: parseFeatures(conf, named), clock: parseClock(conf, named) };
  return withDevices(domain, {
    emulator: conf.string("device_model_override"),
    interfaces: parseVifs(conf, dialect.paravirtual),
    hostdevs: parsePciDevices(conf),
    sounds: parseSounds(conf, domain),
    graphics: parseGraphics(conf, domain),
    ...parsePorts(conf, domain, dialect.ports),
  });
}

export function formatCommon(domain: Domain, facts: NetworkFacts, dialect: Dialect): NativeSettings {
  const settings = new NativeSettings();
  formatGeneral(domain, settings);
  formatFeatures(domain, settings);
  formatTimers(domain, settings);
  formatClock(domain, settings);
  formatActions(domain, settings);
  settings.set("device_model_override", domain.devices.emulator);
  formatGraphics(domain, settings);
  formatVifs(domain, settings, dialect.paravirtual, facts);
  formatPciDevices(domain, settings);
  formatPorts(domain, settings, dialect.ports);
  formatSounds(domain, settings);
  return settings;
}
