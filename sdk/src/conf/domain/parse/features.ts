import { VirtError } from "@polyvisor/core";
import {
  attribute,
  child,
  childElements,
  enumAttribute,
  nearest,
  onOffAttribute,
  requiredEnum,
  requiredInteger,
  scaledChild,
  type XmlElement,
} from "../../../xml/index.js";
import type { Features, HypervFeatures, HypervSwitch, KvmFeatures, OnOff } from "../model/index.js";
import { confError, has } from "./context.js";

const ON_OFF = ["on", "off"] as const;
const NAMES = (
  "acpi apic pae hap viridian privnet hyperv kvm pvspinlock capabilities pmu vmport gic smm ioapic hpt vmcoreinfo htm " +
  "nested-hv msrs ccf-assist xen cfpc sbbc ibs tcg"
).split(" ");
const KNOWN: ReadonlySet<string> = new Set(NAMES);

export function parseFeatures(root: XmlElement): Features {
  const element = child(root, "features");
  if (element === undefined) return {};
  for (const each of childElements(element)) {
    if (KNOWN.has(each.name)) continue;
    const close = nearest(each.name, NAMES);
    const hint = `Known: ${NAMES.join(", ")}.`;
    const unknown = `unexpected feature '${each.name}'`;
    throw confError(
      each,
      "CONFIG_UNSUPPORTED",
      unknown,
      close === undefined ? hint : `Did you mean '${close}'? ${hint}`,
    );
  }
  // the last one of a name counts
  const last = (name: string): XmlElement | undefined => childElements(element, name).at(-1);
  const onByDefault = (name: string): OnOff | undefined => {
    const found = last(name);
    return found && (onOffAttribute(found, "state") ?? "on");
  };
  const stated = (name: string): OnOff | undefined => {
    const found = last(name);
    return found && requiredEnum(found, "state", ON_OFF);
  };
  const value = <const T extends string>(name: string, attributeName: string, values: readonly T[]): T | undefined => {
    const found = last(name);
    return found && enumAttribute(found, attributeName, values);
  };
  const apic = last("apic");
  const gic = last("gic");
  return {
    acpi: has(element, "acpi") || undefined,
    apic: apic && { eoi: onOffAttribute(apic, "eoi") },
    pae: has(element, "pae") || undefined,
    viridian: has(element, "viridian") || undefined,
    privnet: has(element, "privnet") || undefined,
    hap: onByDefault("hap"),
    pmu: onByDefault("pmu"),
    vmport: onByDefault("vmport"),
    pvspinlock: onByDefault("pvspinlock"),
    vmcoreinfo: onByDefault("vmcoreinfo"),
    htm: stated("htm"),
    nestedHv: stated("nested-hv"),
    ccfAssist: stated("ccf-assist"),
    smm: parseSmm(last("smm")),
    gic: gic && { version: enumAttribute(gic, "version", ["2", "3", "host"]) },
    ioapic: value("ioapic", "driver", ["qemu", "kvm"]),
    hpt: parseHpt(last("hpt")),
    hyperv: parseHyperv(last("hyperv")),
    kvm: parseKvm(last("kvm")),
    xen: parseXen(last("xen")),
    msrs: parseMsrs(last("msrs")),
    cfpc: value("cfpc", "value", ["broken", "workaround", "fixed"]),
    sbbc: value("sbbc", "value", ["broken", "workaround", "fixed"]),
    ibs: value("ibs", "value", ["broken", "workaround", "fixed-ibs", "fixed-ccd", "fixed-na"]),
    tcg: parseTcg(last("tcg")),
    capabilities: parseCapabilities(last("capabilities")),
  };
}

function parseSmm(element: XmlElement | undefined): Features["smm"] {
  if (element === undefined) return undefined;
  const state = onOffAttribute(element, "state") ?? "on";
  return {
    state,
    tseg: state === "on" ? scaledChild(element, "tseg", 1024 * 1024, "string(./features/smm/tseg)") : undefined,
  };
}

function hptPageSize(element: XmlElement): number | undefined {
  try {
    return scaledChild(element, "maxpagesize", 1024);
  } catch (error) {
    if (!(error instanceof VirtError)) throw error;
    throw confError(element, "CONFIG_UNSUPPORTED", "Unable to parse HPT maxpagesize setting", error.hint);
  }
}

function parseHpt(element: XmlElement | undefined): Features["hpt"] {
  if (element === undefined) return undefined;
  const resizing = enumAttribute(element, "resizing", ["enabled", "disabled", "required"]);
  const bytes = hptPageSize(element);
  const maxpagesize = bytes === undefined ? undefined : Math.ceil(bytes / 1024);
  return resizing === undefined && !maxpagesize ? undefined : { resizing, maxpagesize };
}

const HYPERV_SWITCHES: readonly HypervSwitch[] = [
  "relaxed",
  "vapic",
  "vpindex",
  "runtime",
  "synic",
  "reset",
  "frequencies",
  "reenlightenment",
  "tlbflush",
  "ipi",
  "evmcs",
  "avic",
];

function parseHyperv(element: XmlElement | undefined): HypervFeatures | undefined {
  if (element === undefined) return undefined;
  const mode = enumAttribute(element, "mode", ["custom", "passthrough"]) ?? "custom";
  const switches: Partial<Record<HypervSwitch, OnOff>> = {};
  let spinlocks: HypervFeatures["spinlocks"];
  let stimer: HypervFeatures["stimer"];
  let vendorId: HypervFeatures["vendorId"];
  for (const each of childElements(element)) {
    const known = HYPERV_SWITCHES.find((name) => name === each.name);
    if (known !== undefined) switches[known] = requiredEnum(each, "state", ON_OFF);
    else if (each.name === "spinlocks") spinlocks = parseSpinlocks(each);
    else if (each.name === "stimer") stimer = parseStimer(each);
    else if (each.name === "vendor_id") vendorId = parseHypervVendor(each);
    else {
      const names = [...HYPERV_SWITCHES, "spinlocks", "stimer", "vendor_id"];
      const words = `unsupported HyperV Enlightenment feature: ${each.name}`;
      throw confError(each, "CONFIG_UNSUPPORTED", words, `Known: ${names.join(", ")}.`);
    }
  }
  return { mode, switches, spinlocks, stimer, vendorId };
}

function parseSpinlocks(element: XmlElement): HypervFeatures["spinlocks"] {
  const state = requiredEnum(element, "state", ON_OFF);
  if (state === "off") return { state };
  const retries = requiredInteger(element, "retries", { base: 0 });
  if (retries < 0xfff) throw confError(element, "XML_ERROR", "HyperV spinlock retry count must be at least 4095");
  return { state, retries };
}

function parseStimer(element: XmlElement): HypervFeatures["stimer"] {
  const state = requiredEnum(element, "state", ON_OFF);
  if (state === "off") return { state };
  let direct: OnOff | undefined;
  for (const each of childElements(element)) {
    if (each.name !== "direct") {
      throw confError(each, "CONFIG_UNSUPPORTED", `unsupported Hyper-V stimer feature: ${each.name}`, "Known: direct.");
    }
    direct = requiredEnum(each, "state", ON_OFF);
  }
  return { state, direct };
}

function parseHypervVendor(element: XmlElement): HypervFeatures["vendorId"] {
  const state = requiredEnum(element, "state", ON_OFF);
  if (state === "off") return { state };
  const value = attribute(element, "value");
  if (value === undefined) {
    throw confError(element, "XML_ERROR", "missing 'value' attribute for HyperV feature 'vendor_id'");
  }
  if (value.length > 12) {
    throw confError(element, "XML_ERROR", "HyperV vendor_id value must not be more than 12 characters.");
  }
  if (value.includes(",")) throw confError(element, "XML_ERROR", "HyperV vendor_id value is invalid");
  return { state, value };
}

const KVM_SWITCHES = {
  hidden: "hidden",
  "hint-dedicated": "hintDedicated",
  "poll-control": "pollControl",
  "pv-ipi": "pvIpi",
} as const;

function parseKvm(element: XmlElement | undefined): KvmFeatures | undefined {
  if (element === undefined) return undefined;
  const switches: Partial<Record<(typeof KVM_SWITCHES)[keyof typeof KVM_SWITCHES], OnOff>> = {};
  let dirtyRing: KvmFeatures["dirtyRing"];
  for (const each of childElements(element)) {
    const state = requiredEnum(each, "state", ON_OFF);
    if (each.name === "dirty-ring") {
      const size = state === "on" ? requiredInteger(each, "size", { base: 0 }) : undefined;
      if (size !== undefined && (size < 1024 || size > 65536 || (size & (size - 1)) !== 0)) {
        throw confError(each, "XML_ERROR", "dirty ring must be power of 2 and ranges [1024, 65536]");
      }
      dirtyRing = { state, size };
      continue;
    }
    const name = Object.entries(KVM_SWITCHES).find(([written]) => written === each.name)?.[1];
    if (name === undefined) {
      const hint = `Known: ${Object.keys(KVM_SWITCHES).join(", ")}, dirty-ring.`;
      throw confError(each, "CONFIG_UNSUPPORTED", `unsupported KVM feature: ${each.name}`, hint);
    }
    switches[name] = state;
  }
  return { ...switches, dirtyRing };
}

function parseXen(element: XmlElement | undefined): Features["xen"] {
  if (element === undefined) return undefined;
  let e820Host: OnOff | undefined;
  let passthrough: NonNullable<Features["xen"]>["passthrough"];
  for (const each of childElements(element)) {
    if (each.name === "e820_host") e820Host = requiredEnum(each, "state", ON_OFF);
    else if (each.name === "passthrough") {
      const state = requiredEnum(each, "state", ON_OFF);
      passthrough = { state, mode: state === "on" ? enumAttribute(each, "mode", ["sync_pt", "share_pt"]) : undefined };
    } else
      throw confError(
        each,
        "CONFIG_UNSUPPORTED",
        `unsupported Xen feature: ${each.name}`,
        "Known: e820_host, passthrough.",
      );
  }
  return { e820Host, passthrough };
}

function parseMsrs(element: XmlElement | undefined): Features["msrs"] {
  return element && { unknown: requiredEnum(element, "unknown", ["ignore", "fault"]) };
}

function parseTcg(element: XmlElement | undefined): Features["tcg"] {
  const bytes = element && scaledChild(element, "tb-cache", 1024);
  return bytes ? { tbCache: Math.ceil(bytes / 1024) } : undefined;
}

export const PROCESS_CAPABILITIES: readonly string[] = (
  "audit_control audit_write block_suspend chown dac_override dac_read_search fowner fsetid ipc_lock ipc_owner kill lease " +
  "linux_immutable mac_admin mac_override mknod net_admin net_bind_service net_broadcast net_raw setgid setfcap setpcap " +
  "setuid sys_admin sys_boot sys_chroot sys_module sys_nice sys_pacct sys_ptrace sys_rawio sys_resource sys_time " +
  "sys_tty_config syslog wake_alarm"
).split(" ");

function parseCapabilities(element: XmlElement | undefined): Features["capabilities"] {
  if (element === undefined) return undefined;
  const states: Record<string, OnOff> = {};
  for (const each of childElements(element)) {
    if (!PROCESS_CAPABILITIES.includes(each.name)) {
      throw confError(each, "CONFIG_UNSUPPORTED", `unexpected capability feature '${each.name}'`);
    }
    states[each.name] = onOffAttribute(each, "state") ?? "on";
  }
  return { policy: enumAttribute(element, "policy", ["default", "allow", "deny"]) ?? "default", states };
}
