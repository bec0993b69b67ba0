import { VirtError } from "@polyvisor/core";
import { parseXml, type XmlElement } from "../../../xml/index.js";
import { genericDeviceDefaults } from "../defaults/devices.js";
import { inputBus } from "../defaults/index.js";
import { allDevices, mapDevices } from "../devices.js";
import type { HookContext } from "../hooks.js";
import type { Device, Devices, Domain } from "../model/index.js";
import { parseConsole } from "../parse/chardev.js";
import { confError } from "../parse/context.js";
import { DEVICE_ELEMENTS, parseDevices } from "../parse/devices.js";
import { identities, type ParseOptions } from "../read.js";
import { validateDevice } from "../validate/devices.js";

/**
 * One device from its own XML, for a domain that it is to become a part of, or is one of: complete, and checked unless
 * `skipChecks`. Throws `VirtError` in libvirt's words. What depends on the domain as a whole (a free place, a boot order
 * that is taken) is not looked at.
 */
export function parseDevice(xml: string, domain: Domain, options: ParseOptions = {}): Device {
  const root = parseXml(xml, { documentName: "(device_definition)", errorDomain: "DOMAIN" });
  const written = readDevice(root, options);
  const hooks = options.hooks ?? {};
  const context: HookContext = { abiUpdate: options.abiUpdate ?? false, inactive: options.inactive ?? true };
  const device = completeDevice(written, domain, options);
  if (options.skipChecks === true) return device;
  validateDevice(device, domain);
  hooks.validateDevice?.(device, domain, context);
  return device;
}

function readDevice(root: XmlElement, options: ParseOptions): Device {
  if (!DEVICE_ELEMENTS.has(root.name)) {
    const hint = "Send one device, such as <disk> or <interface>.";
    throw confError(root, "CONFIG_UNSUPPORTED", `unknown device type '${root.name}'`, hint);
  }
  const context = {
    inactive: options.inactive ?? true,
    status: options.status ?? false,
    userAliases: options.hooks?.features?.has("user-alias") ?? false,
    defaultSecurityModel: options.hooks?.defaultSecurityModel,
  };
  // Consoles of a whole domain are numbered in their order; one alone keeps its number.
  if (root.name === "console") return parseConsole(root, context);
  const [device] = allDevices({ devices: parseDevices(wrapped(root), context) } as Domain);
  if (device === undefined) throw new VirtError("INTERNAL_ERROR", "there is no device", { domain: "DOMAIN" });
  return device;
}

function wrapped(root: XmlElement): XmlElement {
  return { name: "devices", uri: "", attributes: [], children: [root], line: root.line, column: root.column };
}

/** What the device does not say, as it would be filled in a whole domain. */
function completeDevice(written: Device, domain: Domain, options: ParseOptions): Device {
  const { devices } = options.hooks ?? {};
  const generic = genericDeviceDefaults(options.hooks ?? {}, identities(options));
  // The mappings see the domain without the device, as libvirt does.
  const map = (device: Device, mapping: typeof generic): Device => {
    const change = mapping[device.kind] as ((each: Device, domain: Domain) => Device) | undefined;
    return change?.(device, domain) ?? device;
  };
  const placed = withBus(written, domain);
  const filled = map(devices === undefined ? placed : map(placed, devices), generic);
  // Who describes a console that is there need not say its number.
  const isFound = options.skipChecks === true && filled.kind === "console";
  return isFound ? filled : numbered(filled, domain.devices);
}

function withBus(device: Device, domain: Domain): Device {
  return device.kind === "input" && device.bus === undefined ? { ...device, bus: inputBus(device, domain) } : device;
}

function numbered(device: Device, { serials, parallels, consoles }: Devices): Device {
  const next = (all: readonly { readonly target: { readonly port: number } }[]) =>
    Math.max(-1, ...all.map(({ target }) => target.port)) + 1;
  if (device.kind === "serial" && device.target.port === -1)
    return { ...device, target: { ...device.target, port: next(serials) } };
  if (device.kind === "parallel" && device.target.port === -1)
    return { ...device, target: { ...device.target, port: next(parallels) } };
  if (device.kind === "console" && device.target.port === -1)
    return { ...device, target: { ...device.target, port: next(consoles) } };
  return device;
}

/** The domain with one of its devices replaced. */
export function replaceDevice<D extends Device>(domain: Domain, old: D, device: D): Domain {
  return mapDevices(domain, { [old.kind]: (each: Device) => (each === old ? device : each) });
}
