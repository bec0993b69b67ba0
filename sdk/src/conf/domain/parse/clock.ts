import {
  attribute,
  child,
  childElements,
  enumAttribute,
  longAttribute,
  parseInteger,
  requiredEnum,
  type XmlElement,
  yesNoAttribute,
} from "../../../xml/index.js";
import type { Clock, ClockOffset, Timer } from "../model/index.js";
import { anySet, confError, wordAttribute } from "./context.js";

const OFFSETS = ["utc", "localtime", "variable", "timezone", "absolute"] as const;

export function parseClock(root: XmlElement): Clock {
  const element = child(root, "clock");
  if (element === undefined) return { offset: "utc", timers: [] };
  const offset = parseOffset(element);
  return { timers: childElements(element, "timer").map(parseTimer), ...offset };
}

function parseOffset(element: XmlElement): ClockOffset {
  const offset = wordAttribute(element, "offset", OFFSETS, (value) => `unknown clock offset '${value}'`) ?? "utc";
  switch (offset) {
    case "utc":
    case "localtime": {
      const written = attribute(element, "adjustment");
      if (!written) return { offset };
      if (written === "reset") return { offset, adjustment: "reset" };
      const adjustment = parseInteger(written, { signed: true });
      if (adjustment === undefined) {
        throw confError(element, "XML_ERROR", `unknown clock adjustment '${written}'`, "Write 'reset' or seconds.");
      }
      return { offset: "variable", adjustment, basis: offset };
    }
    case "variable": {
      const seconds = (name: string): number => parseInteger(attribute(element, name) ?? "", { signed: true }) ?? 0;
      return {
        offset,
        adjustment: seconds("adjustment"),
        basis:
          wordAttribute(element, "basis", ["utc", "localtime"], (value) => `unknown clock basis '${value}'`) ?? "utc",
        adjustment0: seconds("adjustment0") || undefined,
      };
    }
    case "timezone": {
      const timezone = attribute(element, "timezone");
      if (!timezone) {
        throw confError(element, "INTERNAL_ERROR", "missing 'timezone' attribute for clock with offset='timezone'");
      }
      return { offset, timezone };
    }
    case "absolute": {
      const start = parseInteger(attribute(element, "start") ?? "");
      if (start === undefined) {
        throw confError(element, "INTERNAL_ERROR", "missing 'start' attribute for clock with offset='absolute'");
      }
      return { offset, start };
    }
  }
}

const TIMERS = ["platform", "pit", "rtc", "hpet", "tsc", "kvmclock", "hypervclock", "armvtimer"] as const;

function parseTimer(element: XmlElement): Timer {
  const catchup = child(element, "catchup");
  const policy = catchup && {
    threshold: longAttribute(catchup, "threshold"),
    slew: longAttribute(catchup, "slew"),
    limit: longAttribute(catchup, "limit"),
  };
  return {
    name: requiredEnum(element, "name", TIMERS),
    present: yesNoAttribute(element, "present"),
    tickpolicy: enumAttribute(element, "tickpolicy", ["delay", "catchup", "merge", "discard"]),
    track: enumAttribute(element, "track", ["boot", "guest", "wall", "realtime"]),
    frequency: longAttribute(element, "frequency") || undefined,
    mode: enumAttribute(element, "mode", ["auto", "native", "emulate", "paravirt", "smpsafe"]),
    catchup: policy !== undefined && anySet(policy) ? policy : undefined,
  };
}
