import type { Clock, Domain, Features, Timer } from "@polyvisor/sdk/conf";
import type { NativeReader, NativeSettings } from "./config.js";
import { refuse } from "./errors.js";

/** What the virtual machine is able to. */
export function parseFeatures(conf: NativeReader, domain: Domain): Features {
  const isHvm = domain.os.type === "hvm";
  const passthrough = parsePassthrough(conf.string("passthrough"));
  if (!isHvm) {
    const host = conf.boolean("e820_host") === true;
    if (host) return { xen: { e820Host: "on", passthrough } };
    return passthrough?.state === "on" ? { xen: { passthrough } } : {};
  }
  const on = (name: string, usual: boolean): boolean => conf.boolean(name) ?? usual;
  return {
    pae: on("pae", true) || undefined,
    acpi: on("acpi", true) || undefined,
    apic: on("apic", true) ? {} : undefined,
    hap: on("hap", true) ? undefined : "off",
    viridian: on("viridian", false) || undefined,
    xen: passthrough?.state === "on" ? { passthrough } : undefined,
  };
}

type Passthrough = NonNullable<Features["xen"]>["passthrough"];

function parsePassthrough(mode: string | undefined): Passthrough {
  switch (mode) {
    case undefined:
      return undefined;
    case "disabled":
      return { state: "off" };
    case "enabled":
      return { state: "on" };
    case "sync_pt":
    case "share_pt":
      return { state: "on", mode };
    default:
      return refuse("CONF_SYNTAX", `Invalid passthrough mode ${mode}`, "Use disabled, enabled, sync_pt or share_pt.");
  }
}

export function formatFeatures({ os, features }: Domain, settings: NativeSettings): void {
  if (os.type === "hvm") {
    settings.set("pae", features.pae === true);
    settings.set("acpi", features.acpi === true);
    settings.set("apic", features.apic !== undefined);
    if (features.hap === "off") settings.set("hap", 0);
    settings.set("viridian", features.viridian === true);
  } else if (features.xen?.e820Host === "on") {
    settings.set("e820_host", 1);
  }
  const passthrough = features.xen?.passthrough;
  if (passthrough?.state === "on") settings.set("passthrough", passthrough.mode ?? "enabled");
}

const TSC_MODES = { always_emulate: "emulate", native: "native", native_paravirt: "paravirt" } as const;

export function parseClock(conf: NativeReader, { os }: Domain): Clock {
  const isLocal = conf.boolean("localtime") === true;
  const basis = isLocal ? "localtime" : "utc";
  const timers = parseTimers(conf, os.type === "hvm");
  if (os.type !== "hvm") return { offset: basis, adjustment: "reset", timers };
  // xl keeps seconds in 32 bits, and a guest's clock may be behind
  return { offset: "variable", adjustment: (conf.number("rtc_timeoffset") ?? 0) | 0, basis, timers };
}

function parseTimers(conf: NativeReader, isHvm: boolean): readonly Timer[] {
  const timers: Timer[] = [];
  const mode = conf.string("tsc_mode");
  if (mode !== undefined) timers.push({ name: "tsc", present: "yes", mode: tscMode(mode) });
  const hpet = isHvm ? conf.boolean("hpet") : undefined;
  if (hpet !== undefined) timers.push({ name: "hpet", present: hpet ? "yes" : "no" });
  return timers;
}

function tscMode(written: string): NonNullable<Timer["mode"]> {
  return Object.hasOwn(TSC_MODES, written) ? TSC_MODES[written as keyof typeof TSC_MODES] : "auto";
}

export function formatTimers({ os, clock }: Domain, settings: NativeSettings): void {
  for (const timer of clock.timers) {
    if (timer.name === "tsc") settings.set("tsc_mode", nativeTscMode(timer.mode));
    else if (timer.name === "hpet" && os.type === "hvm") settings.set("hpet", timer.present !== "no");
    else refuse("CONFIG_UNSUPPORTED", `unsupported timer type (name) '${timer.name}'`, "Remove the <timer>.");
  }
}

export function nativeTscMode(mode: Timer["mode"]): string {
  const [name] = Object.entries(TSC_MODES).find(([, each]) => each === mode) ?? ["default"];
  return name;
}

export function formatClock({ os, clock }: Domain, settings: NativeSettings): void {
  if (os.type === "hvm") {
    const { adjustment, basis } = variableClock(clock);
    settings.set("rtc_timeoffset", adjustment);
    settings.set("localtime", basis === "localtime");
    return;
  }
  const isAdjusted = "adjustment" in clock && typeof clock.adjustment === "number";
  if ((clock.offset !== "utc" && clock.offset !== "localtime") || isAdjusted) {
    refuse(
      "CONFIG_UNSUPPORTED",
      `unsupported clock offset='${isAdjusted ? "variable" : clock.offset}'`,
      "Paravirtual guests have no clock of their own: use utc or localtime.",
    );
  }
  settings.set("localtime", clock.offset === "localtime");
}

/** The clock as seconds from a basis. Throws where Xen's clock is not like that. */
function variableClock(clock: Clock): { readonly adjustment: number; readonly basis: "utc" | "localtime" } {
  switch (clock.offset) {
    case "variable":
      return clock;
    case "utc":
    case "localtime": {
      const { adjustment = 0, offset } = clock;
      if (adjustment === "reset") refuse("CONFIG_UNSUPPORTED", "unsupported clock adjustment='reset'");
      return { adjustment, basis: offset };
    }
    default:
      return refuse("CONFIG_UNSUPPORTED", `unsupported clock offset='${clock.offset}'`, "Use utc or localtime.");
  }
}
