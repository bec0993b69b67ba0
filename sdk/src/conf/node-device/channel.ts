import {
  allowChildren,
  attribute,
  child,
  childElements,
  parseInteger,
  type XmlElement,
  type XmlWriter,
} from "../../xml/index.js";
import { oneWord, textAt } from "../document.js";
import { type NodeDeviceContext, nodeDeviceError } from "./context.js";
import { formatMdevTypes, joinMdevTypes } from "./mdev.js";
import type {
  ApCardCapability,
  ApMatrixCapability,
  ApQueueCapability,
  CcwCapability,
  ChannelAddress,
  CssCapability,
  MdevType,
} from "./model.js";

// devices of IBM Z: channels, and the cards that do cryptography

const UINT_MAX = 4294967295;
const MOST_AP_DOMAINS = 255;
const names = (list: string): ReadonlySet<string> => new Set(list.split(" "));
const ADDRESS = names("cssid devno ssid");
const CSS = names("capability channel_dev_addr cssid devno ssid");
const CARD = names("ap-adapter");
const QUEUE = names("ap-adapter ap-domain");
const MATRIX = names("capability");

/** A number whose errors name the device, written in base 16 or, with `base` 0, as C writes numbers. */
function channelNumber(element: XmlElement, name: string, base: 0 | 16, context: NodeDeviceContext): number {
  const text = textAt(element, name);
  if (text === undefined) {
    const detail = `missing ${name} value for '${context.name}'`;
    throw nodeDeviceError(element, "CONFIG_UNSUPPORTED", detail, `Add <${name}>.`);
  }
  const value = parseInteger(text, { base, max: UINT_MAX });
  if (value !== undefined) return value;
  const detail = `invalid ${name} value '${text}' for '${context.name}'`;
  throw nodeDeviceError(child(element, name) ?? element, "CONFIG_UNSUPPORTED", detail, "Write a number, such as 0x0a.");
}

function parseChannelAddress(element: XmlElement, context: NodeDeviceContext): ChannelAddress {
  return {
    cssid: channelNumber(element, "cssid", 0, context),
    ssid: channelNumber(element, "ssid", 0, context),
    devno: channelNumber(element, "devno", 16, context),
  };
}

export function parseCcw(element: XmlElement, context: NodeDeviceContext): CcwCapability {
  allowChildren(element, ADDRESS);
  return { type: "ccw", ...parseChannelAddress(element, context) };
}

export function parseCss(element: XmlElement, context: NodeDeviceContext): CssCapability {
  allowChildren(element, CSS);
  const address = parseChannelAddress(element, context);
  const channelDevice = child(element, "channel_dev_addr");
  if (channelDevice !== undefined) allowChildren(channelDevice, ADDRESS);
  return {
    type: "css",
    ...address,
    mdevTypes: parseInnerMdevTypes(element),
    channelDevice: channelDevice && parseChannelAddress(channelDevice, context),
  };
}

function parseInnerMdevTypes(element: XmlElement): readonly MdevType[] | undefined {
  const capabilities = childElements(element, "capability");
  for (const capability of capabilities) {
    const type = attribute(capability, "type");
    if (type === undefined) {
      throw nodeDeviceError(capability, "XML_ERROR", "Missing capability type", "Add type='mdev_types'.");
    }
    oneWord(type, ["mdev_types"], (hint) =>
      nodeDeviceError(capability, "XML_ERROR", `unknown capability type '${type}'`, hint),
    );
  }
  return joinMdevTypes(capabilities);
}

export function formatChannelAddress(w: XmlWriter, { cssid, ssid, devno }: ChannelAddress): void {
  w.leaf("cssid", `0x${cssid.toString(16)}`);
  w.leaf("ssid", `0x${ssid.toString(16)}`);
  w.leaf("devno", `0x${devno.toString(16).padStart(4, "0")}`);
}

export function formatCss(w: XmlWriter, css: CssCapability): void {
  const { channelDevice } = css;
  formatChannelAddress(w, css);
  if (channelDevice !== undefined) w.block("channel_dev_addr", "", () => formatChannelAddress(w, channelDevice));
  formatMdevTypes(w, css.mdevTypes);
}

export function parseApCard(element: XmlElement, context: NodeDeviceContext): ApCardCapability {
  allowChildren(element, CARD);
  return { type: "ap_card", adapter: channelNumber(element, "ap-adapter", 0, context) };
}

export function parseApQueue(element: XmlElement, context: NodeDeviceContext): ApQueueCapability {
  allowChildren(element, QUEUE);
  const adapter = channelNumber(element, "ap-adapter", 0, context);
  const domain = channelNumber(element, "ap-domain", 0, context);
  if (domain > MOST_AP_DOMAINS) {
    const text = textAt(element, "ap-domain") ?? "";
    const detail = `ap-domain value '${text}' is out of range for '${context.name}'`;
    throw nodeDeviceError(element, "CONFIG_UNSUPPORTED", detail, "Give a number from 0 to 255.");
  }
  return { type: "ap_queue", adapter, domain };
}

export function parseApMatrix(element: XmlElement): ApMatrixCapability {
  allowChildren(element, MATRIX);
  return { type: "ap_matrix", mdevTypes: parseInnerMdevTypes(element) };
}

export function formatAp(w: XmlWriter, ap: ApCardCapability | ApQueueCapability): void {
  w.leaf("ap-adapter", `0x${ap.adapter.toString(16).padStart(2, "0")}`);
  if (ap.type === "ap_queue") w.leaf("ap-domain", `0x${ap.domain.toString(16).padStart(4, "0")}`);
}
