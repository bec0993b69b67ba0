import type { Clock, Domain } from "@polyvisor/sdk/conf";
import { refuse } from "../errors.js";
import { nativeTscMode } from "../features.js";
import { type JsonObject, truth } from "./json.js";

/** The guest's clock and time stamp counter. */
export function clockInfo({ clock }: Domain): JsonObject {
  const { isLocal, offset } = offsetOf(clock);
  const tsc = clock.timers.find(({ name }) => name === "tsc");
  return {
    tsc_mode: tsc === undefined ? undefined : nativeTscMode(tsc.mode),
    // unsigned in 32 bits, as libxl has it
    rtc_timeoffset: offset === 0 ? undefined : offset >>> 0,
    localtime: isLocal ? truth(true) : undefined,
  };
}

function offsetOf(clock: Clock): { readonly isLocal: boolean; readonly offset: number } {
  switch (clock.offset) {
    case "variable":
      return { isLocal: clock.basis === "localtime", offset: clock.adjustment };
    case "utc":
    case "localtime": {
      const offset = typeof clock.adjustment === "number" ? clock.adjustment : 0;
      return { isLocal: clock.offset === "localtime", offset };
    }
    default: {
      const words = `unsupported clock offset '${clock.offset}'`;
      return refuse("CONFIG_UNSUPPORTED", words, "Use utc, localtime or variable.", "LIBXL");
    }
  }
}

/** Whether a fully virtualized guest has an HPET; undefined where it is not said. Throws timers that Xen does not have. */
export function hpetOf({ clock, os }: Domain): boolean | undefined {
  let hpet: boolean | undefined;
  for (const { name, present } of clock.timers) {
    if (name === "tsc") continue;
    if (name !== "hpet" || os.type !== "hvm") {
      const words = `unsupported timer type (name) '${name}'`;
      refuse("CONFIG_UNSUPPORTED", words, "Remove the <timer>.", "LIBXL");
    }
    hpet = present === undefined ? undefined : present === "yes";
  }
  return hpet;
}
