import { attr, attribute, enumAttribute, integerAttribute, type XmlElement, type XmlWriter } from "../../xml/index.js";

export const LINK_STATES = ["unknown", "notpresent", "down", "lowerlayerdown", "testing", "dormant", "up"] as const;

/** The state of a network device's link as the kernel tells it. */
export interface NetworkLink {
  /** Mbit/s. */
  readonly speed?: number | undefined;
  readonly state?: (typeof LINK_STATES)[number] | undefined;
}

/** `<link>`, undefined when it says nothing. */
export function parseLink(element: XmlElement | undefined): NetworkLink | undefined {
  if (element === undefined) return undefined;
  const state = attribute(element, "state") === "" ? undefined : enumAttribute(element, "state", LINK_STATES);
  const speed = integerAttribute(element, "speed") || undefined;
  return state === undefined && speed === undefined ? undefined : { speed, state };
}

export function formatLink(w: XmlWriter, link: NetworkLink | undefined): void {
  if (link !== undefined) w.emptyIfAttributes("link", attr("speed", link.speed) + attr("state", link.state));
}
