import { allowChildren, attribute, childElements, oneOf, type XmlElement, yesNoAttribute } from "../../../xml/index.js";
import { type HostPciAddress, hostPciName, parseHostPciAddress, parseIpAddress } from "../../common/index.js";
import type { ForwardInterface, ForwardMode, ForwardNat, NetworkForward } from "../model.js";
import { childWith, filled, netError, unsigned } from "./context.js";
import { checkRange } from "./range.js";

const CHILDREN: ReadonlySet<string> = new Set(["address", "driver", "interface", "nat", "pf"]);
const MODES: readonly ForwardMode[] = ["nat", "route", "open", "bridge", "private", "vepa", "passthrough", "hostdev"];
export const FORWARD_DRIVERS = ["kvm", "vfio"] as const;

/** Undefined for mode `none`, which is what an isolated network has. */
export function parseForward(element: XmlElement, network: string): NetworkForward | undefined {
  allowChildren(element, CHILDREN);
  const mode = parseMode(element);
  const managed = filled(element, "managed")?.toLowerCase() === "yes";
  const driver = parseDriver(element, network);
  const nat = parseNatOf(element, network, mode);
  const devices = { managed, driver, ...parseDevices(element, network) };
  if (mode === "none") return undefined;
  return mode === "nat" ? { mode, ...devices, nat } : { mode, ...devices };
}

function parseMode(element: XmlElement): ForwardMode | "none" {
  const written = filled(element, "mode");
  if (written === undefined) return "nat";
  const mode = [...MODES, "none" as const].find((each) => each === written);
  if (mode !== undefined) return mode;
  throw netError(element, "CONFIG_UNSUPPORTED", `unknown forwarding type '${written}'`, oneOf(written, MODES));
}

function parseDriver(element: XmlElement, network: string): NetworkForward["driver"] {
  const driver = childWith(element, "driver", "name");
  const written = filled(driver, "name");
  if (driver === undefined || written === undefined) return undefined;
  const found = FORWARD_DRIVERS.find((each) => each === written);
  if (found !== undefined) return found;
  const detail = `Unknown forward <driver name='${written}'/> in network ${network}`;
  throw netError(driver, "CONFIG_UNSUPPORTED", detail, oneOf(written, FORWARD_DRIVERS));
}

function parseNatOf(element: XmlElement, network: string, mode: string): ForwardNat | undefined {
  const [nat, second] = childElements(element, "nat");
  if (second !== undefined) {
    const detail = `Only one <nat> element is allowed in <forward> of network ${network}`;
    throw netError(second, "XML_ERROR", detail, "Keep one <nat>.");
  }
  if (nat === undefined) return undefined;
  if (mode !== "nat") {
    const detail = `The <nat> element can only be used when <forward> 'mode' is 'nat' in network ${network}`;
    throw netError(nat, "XML_ERROR", detail, "Write mode='nat', or remove <nat>.");
  }
  allowChildren(nat, new Set(["address", "port"]));
  return {
    ipv6: yesNoAttribute(nat, "ipv6"),
    address: parseNatAddress(nat, network),
    port: parseNatPort(nat, network),
  };
}

/** The only child of that name in `<nat>`. */
function onlyChild(nat: XmlElement, name: string, network: string): XmlElement | undefined {
  const [found, second] = childElements(nat, name);
  if (second === undefined) return found;
  const detail = `Only one <${name}> element is allowed in <nat> in <forward> in network ${network}`;
  throw netError(second, "XML_ERROR", detail, `Keep one <${name}>.`);
}

function parseNatAddress(nat: XmlElement, network: string): ForwardNat["address"] {
  const element = onlyChild(nat, "address", network);
  if (element === undefined) return undefined;
  const written = (name: "start" | "end"): string => {
    const text = attribute(element, name);
    if (text !== undefined) return text;
    const detail = `missing '${name}' attribute in <address> element in <nat> in <forward> in network ${network}`;
    throw netError(element, "XML_ERROR", detail, `Add ${name}='...'.`);
  };
  const parsed = (name: "start" | "end", text: string): string => {
    const address = parseIpAddress(text, "ipv4");
    if (address !== undefined) return address;
    const detail = `Bad ipv4 ${name} address '${text}' in <nat> in <forward> in network '${network}'`;
    throw netError(element, "XML_ERROR", detail, "Write a numeric IPv4 address.");
  };
  const first = written("start");
  const last = written("end");
  const range = { start: parsed("start", first), end: parsed("end", last) };
  checkRange(element, range.start, range.end);
  return range;
}

function parseNatPort(nat: XmlElement, network: string): ForwardNat["port"] {
  const element = onlyChild(nat, "port", network);
  if (element === undefined) return undefined;
  const number = (name: string, least: number): number => {
    const value = unsigned(element, name);
    if (typeof value === "number" && value >= least && value <= 65535) return value;
    const detail = `Missing or invalid '${name}' attribute in <port> in <nat> in <forward> in network ${network}`;
    throw netError(element, "XML_DETAIL", detail, `Write a number from ${least} to 65535.`);
  };
  const start = number("start", 0);
  return { start, end: number("end", start) };
}

/** The devices of the pool: names, else PCI addresses, else one physical function. */
function parseDevices(element: XmlElement, network: string): Pick<NetworkForward, "interfaces" | "pf"> {
  const names = childElements(element, "interface");
  const addresses = childElements(element, "address");
  const [pf, second] = childElements(element, "pf");
  const dev = filled(element, "dev");
  if (dev !== undefined && (addresses.length > 0 || pf !== undefined)) {
    // libvirt names no network here
    const detail =
      "the <forward> 'dev' attribute cannot be used when <address> or <pf> sub-elements are present in network %s";
    throw netError(element, "XML_ERROR", detail, "Remove dev, or the elements.");
  }
  if (dev !== undefined || names.length > 0) return { interfaces: parseNames(names, network, dev) };
  if (addresses.length > 0) return { interfaces: parseAddresses(addresses, network) };
  if (second !== undefined) {
    const detail = `Only one <pf> element is allowed in <forward> of network ${network}`;
    throw netError(second, "XML_ERROR", detail, "Keep one <pf>.");
  }
  const physical = pf && attribute(pf, "dev");
  if (pf !== undefined && physical === undefined) {
    const detail = `Missing required dev attribute in <pf> element of network '${network}'`;
    throw netError(pf, "XML_ERROR", detail, "Add dev='...'.");
  }
  return { interfaces: [], pf: physical };
}

function parseNames(elements: readonly XmlElement[], network: string, dev: string | undefined): ForwardInterface[] {
  const names = new Set(dev === undefined ? [] : [dev]);
  elements.forEach((element, at) => {
    const name = attribute(element, "dev");
    if (name === undefined) {
      const detail = `Missing required dev attribute in <forward> <interface> element of network ${network}`;
      throw netError(element, "XML_ERROR", detail, "Add dev='...'.");
    }
    if (at === 0 && dev !== undefined) {
      if (name === dev) return;
      const detail = `<forward dev='${dev}'> must match first <interface dev='${name}'/> in network ${network}`;
      throw netError(element, "XML_ERROR", detail, "Name the same device, or remove one of both.");
    }
    if (names.has(name)) {
      const detail = `interface '${name}' can only be listed once in network ${network}`;
      throw netError(element, "XML_ERROR", detail, "Remove one of both.");
    }
    names.add(name);
  });
  return [...names].map((name) => ({ type: "netdev", dev: name }));
}

function parseAddresses(elements: readonly XmlElement[], network: string): ForwardInterface[] {
  const found = new Map<string, HostPciAddress>();
  for (const element of elements) {
    const type = attribute(element, "type");
    if (type === undefined) {
      throw netError(element, "XML_ERROR", `missing address type in network ${network}`, "Add type='pci'.");
    }
    if (type === "none" || type === "netdev") {
      throw netError(element, "XML_ERROR", `unsupported address type '${type}' in network ${network}`, "Allowed: pci.");
    }
    if (type !== "pci") {
      const detail = `unknown address type '${type}' in network ${network}`;
      throw netError(element, "CONFIG_UNSUPPORTED", detail, "Allowed: pci.");
    }
    const place = parseHostPciAddress(element);
    const name = hostPciName(place);
    if (found.has(name)) {
      const detail = `PCI device '${name}' can only be listed once in network ${network}`;
      throw netError(element, "XML_ERROR", detail, "Remove one of both.");
    }
    found.set(name, place);
  }
  return [...found.values()].map((address) => ({ type: "pci", address }));
}
