import {
  attribute,
  attrNonzero,
  childElements,
  errorAt,
  parseInteger,
  type XmlElement,
  type XmlWriter,
} from "../../xml/index.js";
import { parseWrappingUint32 } from "./uint32.js";

/** Average and peak in KiB/s, burst in KiB, floor in KiB/s. */
export interface BandwidthRate {
  readonly average?: number | undefined;
  readonly peak?: number | undefined;
  readonly burst?: number | undefined;
  readonly floor?: number | undefined;
}

export interface Bandwidth {
  /** The traffic class that keeps the floor; network ports only. */
  readonly classId?: number | undefined;
  readonly inbound?: BandwidthRate | undefined;
  readonly outbound?: BandwidthRate | undefined;
}

/** What a use of `<bandwidth>` takes beyond average, peak and burst. */
export interface BandwidthRules {
  /** Whether a minimum can be guaranteed. */
  readonly floor?: boolean;
  readonly classId?: boolean;
}

/** Undefined when neither direction is limited. */
export function parseBandwidth(element: XmlElement, rules: BandwidthRules = {}): Bandwidth | undefined {
  const classId = parseClassId(element, rules);
  const inbound = parseDirection(element, "inbound");
  const outbound = parseDirection(element, "outbound");
  if (inbound?.floor !== undefined && rules.floor !== true) {
    throw errorAt(
      element,
      "CONFIG_UNSUPPORTED",
      "floor attribute is not supported for this config",
      "Leave floor out.",
      "NONE",
    );
  }
  if (outbound?.floor !== undefined) {
    const detail = "'floor' attribute allowed only in <inbound> element";
    throw errorAt(element, "CONFIG_UNSUPPORTED", detail, "Remove floor from <outbound>.", "NONE");
  }
  return inbound === undefined && outbound === undefined ? undefined : { classId, inbound, outbound };
}

function parseClassId(element: XmlElement, rules: BandwidthRules): number | undefined {
  const text = attribute(element, "classID");
  if (text === undefined) return undefined;
  if (rules.classId !== true) {
    const detail = "classID attribute not supported on <bandwidth> in this usage context";
    throw errorAt(element, "XML_DETAIL", detail, "Remove classID.", "NONE");
  }
  const classId = parseWrappingUint32(text);
  if (classId === undefined) {
    throw errorAt(element, "INTERNAL_ERROR", `Unable to parse class id '${text}'`, "Write a number.", "NONE");
  }
  return classId || undefined;
}

function parseDirection(element: XmlElement, name: "inbound" | "outbound"): BandwidthRate | undefined {
  const [first, second] = childElements(element, name);
  if (second !== undefined) {
    throw errorAt(second, "XML_DETAIL", `Only one child <${name}> element allowed`, `Keep one <${name}>.`, "NONE");
  }
  return first === undefined ? undefined : parseRate(first);
}

function parseRate(element: XmlElement): BandwidthRate {
  const has = (name: string): boolean => attribute(element, name) !== undefined;
  const number = (name: string): number | undefined => {
    const text = attribute(element, name);
    const value = text === undefined ? 0 : parseInteger(text);
    if (value === undefined) {
      const detail = `could not convert bandwidth ${name} value '${text}'`;
      throw errorAt(element, "CONFIG_UNSUPPORTED", detail, "Write a number, in KiB/s or KiB.", "NONE");
    }
    return value || undefined;
  };
  const average = number("average");
  if (!has("average") && !has("floor")) {
    const detail = "Missing mandatory average or floor attributes";
    throw errorAt(element, "XML_DETAIL", detail, "Add average='...', in KiB/s.", "NONE");
  }
  if ((has("peak") || has("burst")) && !has("average")) {
    const detail = "'peak' and 'burst' require 'average' attribute";
    throw errorAt(element, "CONFIG_UNSUPPORTED", detail, "Add average='...', in KiB/s.", "NONE");
  }
  return { average, peak: number("peak"), burst: number("burst"), floor: number("floor") };
}

export function formatBandwidth(w: XmlWriter, bandwidth: Bandwidth | undefined): void {
  if (bandwidth === undefined) return;
  w.block("bandwidth", attrNonzero("classID", bandwidth.classId), () => {
    formatRate(w, "inbound", bandwidth.inbound);
    formatRate(w, "outbound", bandwidth.outbound);
  });
}

function formatRate(w: XmlWriter, name: string, rate: BandwidthRate | undefined): void {
  if (rate === undefined || (!rate.average && !rate.floor)) return;
  w.empty(
    name,
    attrNonzero("average", rate.average) +
      attrNonzero("peak", rate.peak) +
      attrNonzero("floor", rate.floor) +
      attrNonzero("burst", rate.burst),
  );
}
