import { randomUUID } from "node:crypto";
import { errorAt, parseXml, type XmlElement } from "../../xml/index.js";
import { readable } from "../document.js";
import { formatNetwork } from "./format/network.js";
import { formatNetworkPort } from "./format/port.js";
import type { Network, NetworkPort } from "./model.js";
import { parseNetworkElement } from "./parse/network.js";
import { parsePortElement } from "./parse/port.js";

export interface NetworkParseOptions {
  /** Makes up a UUID where none is given. */
  readonly newUuid?: () => string;
}

/** A network from its XML. Throws `VirtError` in libvirt's words, with the place. */
export function parseNetwork(xml: string, options: NetworkParseOptions = {}): Network {
  return readNetwork(parseXml(xml, { documentName: "(network_definition)", errorDomain: "NETWORK" }), options);
}

/** The same from an element, such as the one inside a status file. */
export function readNetwork(root: XmlElement, options: NetworkParseOptions = {}): Network {
  expectRoot(root, "network");
  const network = parseNetworkElement(root, options.newUuid ?? randomUUID);
  return readable(root, "NETWORK", network, formatNetwork);
}

/** The use of a network by one card, from its XML. */
export function parseNetworkPort(xml: string): NetworkPort {
  const root = parseXml(xml, { documentName: "(networkport_definition)", errorDomain: "NETWORK" });
  expectRoot(root, "networkport");
  return readable(root, "NETWORK", parsePortElement(root), formatNetworkPort);
}

function expectRoot(root: XmlElement, name: string): void {
  if (root.name === name) return;
  throw errorAt(root, "XML_ERROR", `expecting root element of '${name}', not '${root.name}'`, `Send a <${name}>.`);
}
