import { isQ35 } from "../conf/machine.js";
import { type Build, refuse } from "./context.js";

export function clockArgs(build: Build): void {
  const { args, domain, can } = build;
  args.add("-rtc", [`base=${rtcBase(build)}`, ...rtcTimerParts(build)].join(","));
  if (domain.clock.offset === "timezone") args.setEnv("TZ", domain.clock.timezone);
  for (const timer of domain.clock.timers) {
    if (timer.name === "platform") throw refuse("unsupported timer type (name) 'platform'");
    if (timer.name === "hpet" && can("no-hpet") && timer.present === "no") args.add("-no-hpet");
    if (timer.name !== "pit") continue;
    if (timer.tickpolicy === "merge") throw refuse("unsupported pit tickpolicy 'merge'");
    const policy = timer.tickpolicy ?? "delay";
    if (policy !== "catchup" && can("kvm-pit-lost-tick-policy"))
      args.add("-global", `kvm-pit.lost_tick_policy=${policy}`);
  }
}

function rtcBase({ domain, runtime }: Build): string {
  const clock = domain.clock;
  switch (clock.offset) {
    case "utc":
      return "utc";
    case "localtime":
    case "timezone":
      return "localtime";
    case "variable": {
      const local = clock.basis === "localtime" ? (runtime.localOffset ?? 0) : 0;
      return timeText(runtime.now + clock.adjustment + local);
    }
    case "absolute":
      return timeText(clock.start);
  }
}

/** `2009-02-13T23:31:30`, UTC. */
function timeText(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 19);
}

const TRACKS = { guest: "vm", wall: "host", realtime: "rt" } as const;

function rtcTimerParts({ domain }: Build): readonly string[] {
  const timer = domain.clock.timers.find((item) => item.name === "rtc");
  if (timer === undefined) return [];
  const parts: string[] = [];
  if (timer.track === "boot") throw refuse("unsupported rtc timer track 'boot'");
  if (timer.track !== undefined) parts.push(`clock=${TRACKS[timer.track]}`);
  if (timer.tickpolicy === "merge" || timer.tickpolicy === "discard")
    throw refuse(`unsupported rtc timer tickpolicy '${timer.tickpolicy}'`);
  if (timer.tickpolicy === "catchup") parts.push("driftfix=slew");
  return parts;
}

/** Without `set-action` QEMU must be told at its start whether a reboot ends it. */
export function powerArgs({ args, domain, can }: Build): void {
  const reboots = domain.onReboot !== "destroy" || domain.onPoweroff !== "destroy" || domain.onCrash !== "destroy";
  args.add(can("set-action") || reboots ? "-no-shutdown" : "-no-reboot");
  if (can("no-acpi") && domain.features.acpi !== true) args.add("-no-acpi");
  for (const [state, setting] of [
    ["s3", domain.pm?.suspendToMem],
    ["s4", domain.pm?.suspendToDisk],
  ] as const) {
    if (setting === undefined) continue;
    const chip = isQ35(domain) && can(`ich9-disable-${state}`) ? "ICH9-LPC" : "PIIX4_PM";
    args.add("-global", `${chip}.disable_${state}=${setting === "no" ? 1 : 0}`);
  }
}
