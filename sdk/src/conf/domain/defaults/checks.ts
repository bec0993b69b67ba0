import { VirtError } from "@polyvisor/core";
import { allDevices } from "../devices.js";
import type { DriverFeature } from "../hooks.js";
import type { Domain } from "../model/index.js";

function refuse(code: "XML_ERROR" | "CONFIG_UNSUPPORTED", detail: string, hint?: string): never {
  throw new VirtError(code, detail, hint === undefined ? { domain: "DOMAIN" } : { domain: "DOMAIN", hint });
}

export function checkController(domain: Domain): void {
  const seen = new Set<string>();
  for (const { type, index } of domain.devices.controllers) {
    // a USB 2 controller and its companions share one index
    if (type === "usb") continue;
    const key = `${type} ${index}`;
    if (seen.has(key))
      refuse("XML_ERROR", `Multiple '${type}' controllers with index '${index}'`, "Number them one by one.");
    seen.add(key);
  }
}

/** An input device that is on no bus gets the usual one, which may be disabled. */
export function checkInputs({ devices }: Domain): void {
  if (!devices.controllers.some((each) => each.type === "usb" && each.model === "none")) return;
  if (!devices.inputs.some((each) => each.bus === "usb")) return;
  const hint = "Remove <controller type='usb' model='none'/>, or give the <input> another bus.";
  refuse("CONFIG_UNSUPPORTED", "Can't add USB input device. USB bus is disabled", hint);
}

export function checkPanics(domain: Domain): void {
  const seen = new Set<string>();
  for (const { model = "default" } of domain.devices.panics) {
    if (seen.has(model)) refuse("XML_ERROR", `Multiple panic devices with model '${model}'`);
    seen.add(model);
  }
}

/** Whether any device has a boot order; throws when the orders disagree. */
export function checkBootOrder(domain: Domain): boolean {
  const seen = new Set<number>();
  for (const device of allDevices(domain)) {
    const order = "bootOrder" in device ? device.bootOrder : undefined;
    if (order === undefined) continue;
    if (seen.has(order)) refuse("CONFIG_UNSUPPORTED", `boot order '${order}' used for more than one device`);
    seen.add(order);
  }
  if (domain.os.boot.length > 0 && seen.size > 0) {
    const words = "per-device boot elements cannot be used together with os/boot elements";
    refuse("CONFIG_UNSUPPORTED", words, "Use <boot dev/> under <os>, or <boot order/> under devices.");
  }
  return seen.size > 0;
}

export function checkTimers(domain: Domain): void {
  for (const timer of domain.clock.timers) {
    const { name } = timer;
    const unfit = (what: string): never =>
      refuse("CONFIG_UNSUPPORTED", `timer ${name} doesn't support setting of timer ${what}`);
    if ((name === "kvmclock" || name === "hypervclock") && timer.tickpolicy !== undefined) unfit("tickpolicy");
    if (timer.tickpolicy !== "catchup" && timer.catchup !== undefined) {
      refuse("XML_ERROR", "setting of timer catchup policies is only supported with tickpolicy='catchup'");
    }
    if (name !== "tsc" && timer.frequency !== undefined) unfit("frequency");
    if (name !== "tsc" && timer.mode !== undefined) unfit("mode");
    if (name !== "platform" && name !== "rtc" && timer.track !== undefined) unfit("track");
  }
}

export function checkCpu(domain: Domain): void {
  const { cpu } = domain;
  if (cpu?.mode === "custom" && cpu.model === undefined && cpu.check !== undefined) {
    refuse("CONFIG_UNSUPPORTED", "check attribute specified for CPU with no model", "Add <model>.");
  }
}

/** Refuses what the driver has not declared; pins of offline vCPUs are dropped where they mean nothing. */
export function checkFeatures(domain: Domain, features: ReadonlySet<DriverFeature>): Domain {
  if (!features.has("memory-hotplug")) {
    if (domain.maxMemory !== undefined) {
      refuse("CONFIG_UNSUPPORTED", "memory hotplug tunables <maxMemory> are not supported by this hypervisor driver");
    }
    if (domain.devices.memories.length > 0) {
      refuse("CONFIG_UNSUPPORTED", "memory devices are not supported by this driver");
    }
  }
  if (!features.has("name-slash") && domain.name.includes("/")) {
    refuse("XML_ERROR", `name ${domain.name} cannot contain '/'`, "Choose a name without a slash.");
  }
  if (!features.has("individual-vcpus") && domain.vcpu.individual !== undefined) {
    refuse("CONFIG_UNSUPPORTED", "individual CPU state configuration is not supported");
  }
  if (!features.has("disk-fd")) {
    const disk = domain.devices.disks.find((each) => each.source.type === "file" && each.source.fdgroup !== undefined);
    if (disk !== undefined)
      refuse("CONFIG_UNSUPPORTED", `driver does not support FD passing for disk '${disk.target.dev}'`);
  }
  return features.has("offline-vcpupin") ? domain : dropOfflinePins(domain);
}

function dropOfflinePins(domain: Domain): Domain {
  const { cputune, vcpu } = domain;
  if (cputune === undefined || vcpu.current === vcpu.max) return domain;
  const online = (id: number): boolean =>
    vcpu.individual === undefined ? id < vcpu.current : vcpu.individual[id]?.enabled === "yes";
  return { ...domain, cputune: { ...cputune, vcpupin: cputune.vcpupin.filter((pin) => online(pin.vcpu)) } };
}
