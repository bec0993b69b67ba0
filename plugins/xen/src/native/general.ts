import { randomUUID } from "node:crypto";
import type { Capabilities, Domain, LifecycleAction, Os, Vcpus } from "@polyvisor/sdk/conf";
import { requireGuest } from "@polyvisor/sdk/conf/capabilities-lookup";
import { parseUuid } from "@polyvisor/sdk/conf/common";
import { blankDomain, LIFECYCLE_ACTIONS } from "@polyvisor/sdk/conf/domain";
import { formatNumberSet, parseNumberSet } from "@polyvisor/sdk/conf/number-set";
import type { NativeReader, NativeSettings } from "./config.js";
import { refuse } from "./errors.js";

const MIB = 1024;
/** MiB of a guest that says nothing. */
const DEFAULT_MEMORY = 128;

/** Name, UUID, kind of guest, memory, vCPUs and what follows its end. */
export function parseGeneral(conf: NativeReader, capabilities: Capabilities): Domain {
  const name = conf.requiredString("name");
  const uuid = parseGuestUuid(conf);
  const memory = conf.number("memory") ?? DEFAULT_MEMORY;
  return {
    ...blankDomain({ type: "xen", name, uuid, os: parseOs(conf, capabilities) }),
    currentMemory: memory * MIB,
    memory: (conf.number("maxmem") ?? memory) * MIB,
    onPoweroff: parseAction(conf, "on_poweroff", "destroy"),
    onReboot: parseAction(conf, "on_reboot", "restart"),
    onCrash: parseAction(conf, "on_crash", "restart"),
    vcpu: parseVcpus(conf),
  };
}

function parseGuestUuid(conf: NativeReader): string {
  const written = conf.string("uuid");
  if (written === undefined) return randomUUID();
  return parseUuid(written) ?? refuse("CONF_SYNTAX", `${written} not parseable`, "Write a UUID with 32 digits.");
}

const TYPES: Readonly<Record<string, Os["type"]>> = { pv: "xen", pvh: "xenpvh", hvm: "hvm" };

function parseOs(conf: NativeReader, capabilities: Capabilities): Os {
  const written = conf.string("type");
  const type =
    written === undefined
      ? conf.string("builder") === "hvm"
        ? "hvm"
        : "xen"
      : (TYPES[written] ?? refuse("CONFIG_UNSUPPORTED", `type ${written} is not supported`, "Use pv, pvh or hvm."));
  const { guest, machine } = requireGuest(capabilities, { osType: type, type: "xen" });
  return { type, arch: guest.arch, machine, boot: [] };
}

function parseAction(conf: NativeReader, name: string, usual: LifecycleAction): LifecycleAction {
  const written = conf.string(name) ?? usual;
  const action = LIFECYCLE_ACTIONS.find((each) => each === written);
  const hint = `Use one of ${LIFECYCLE_ACTIONS.join(", ")}.`;
  return action ?? refuse("INTERNAL_ERROR", `unexpected value ${written} for ${name}`, hint);
}

function parseVcpus(conf: NativeReader): Vcpus {
  const vcpus = conf.number("vcpus") ?? 1;
  const max = conf.number("maxvcpus") ?? vcpus;
  const cpus = conf.string("cpus");
  return {
    max,
    current: Math.min(vcpus, max),
    placement: "static",
    cpuset: cpus === undefined ? undefined : parseNumberSet(cpus),
  };
}

export function formatGeneral(domain: Domain, settings: NativeSettings): void {
  settings.set("name", domain.name);
  settings.set("uuid", domain.uuid);
  settings.set("maxmem", Math.ceil(domain.memory / MIB));
  settings.set("memory", Math.ceil(domain.currentMemory / MIB));
  const { current, max, cpuset } = domain.vcpu;
  if (current < max) settings.set("maxvcpus", max);
  settings.set("vcpus", current);
  if (cpuset !== undefined) settings.set("cpus", formatNumberSet(cpuset));
}

export function formatActions(domain: Domain, settings: NativeSettings): void {
  settings.set("on_poweroff", domain.onPoweroff);
  settings.set("on_reboot", domain.onReboot);
  settings.set("on_crash", domain.onCrash);
}
