import type { Domain, LifecycleAction, Os } from "@polyvisor/sdk/conf";
import { requireGuest } from "@polyvisor/sdk/conf/capabilities-lookup";
import { blankDomain, withDevices } from "@polyvisor/sdk/conf/domain";
import { emulatorArguments } from "../../conf/index.js";
import { parseBootOrder, parseLoader } from "../boot.js";
import type { NativeContext } from "../context.js";
import { refuse } from "../errors.js";
import { completeNative } from "../xl.js";
import { readDevices } from "./from-devices.js";
import { readClock, readCpu, readCputune, readFeatures, readVcpus } from "./from-machine.js";
import { LibxlReader } from "./reader.js";
import { ACTIONS } from "./to-json.js";

const TYPES: Readonly<Record<string, Os["type"]>> = { pv: "xen", pvh: "xenpvh", hvm: "hvm" };
/** dom0 has none. */
const NO_UUID = "00000000-0000-0000-0000-000000000000";

/**
 * A domain from the `config` that `xl list -l` prints, whoever made it: xl keeps a paravirtual guest's kernel beside what is common to
 * all guests, libvirt within what only these have. It is complete, and as it is now: the names of the host's ends are kept.
 */
export function parseLibxlJson(config: unknown, context: NativeContext): Domain {
  const whole = new LibxlReader(config);
  const create = whole.part("c_info");
  const build = whole.part("b_info");
  const type = create.string("type") ?? "pv";
  const own = build.part(`type.${type}`);
  const name =
    create.string("name") ?? refuse("INTERNAL_ERROR", "xl printed a domain without a name", undefined, "LIBXL");
  const os = readOs(TYPES[type] ?? unknownType(type), build, own, context);
  const named = blankDomain({ type: "xen", name, uuid: create.string("uuid") ?? NO_UUID, os });
  const memory = build.number("max_memkb") ?? build.number("target_memkb") ?? 0;
  const domain: Domain = {
    ...named,
    // a guest that is just being made has no size yet
    memory: memory || 1,
    currentMemory: Math.min(memory || 1, build.number("target_memkb") ?? memory),
    vcpu: readVcpus(build),
    cputune: readCputune(build),
    ...readBootloader(build, own),
    features: readFeatures(create, build, own, os),
    cpu: readCpu(build, own, os, context.hardwareVirtualization ?? "vmx"),
    clock: readClock(build, own, os),
    onPoweroff: readAction(whole.string("on_poweroff")),
    onReboot: readAction(whole.string("on_reboot")),
    onCrash: readAction(whole.string("on_crash")),
    namespace: emulatorArguments(build.strings("extra")),
  };
  return completeNative(withDevices(domain, readDevices(whole, domain)), context);
}

function unknownType(type: string): never {
  refuse("INTERNAL_ERROR", `xl printed a domain of the unknown type '${type}'`, "Use a newer version.", "LIBXL");
}

function readOs(type: Os["type"], build: LibxlReader, own: LibxlReader, { capabilities }: NativeContext): Os {
  const { guest, machine } = requireGuest(capabilities, { osType: type, type: "xen" });
  const os: Os = {
    type,
    arch: guest.arch,
    machine,
    boot: [],
    kernel: build.string("kernel") ?? own.string("kernel"),
    initrd: build.string("ramdisk") ?? own.string("ramdisk"),
    cmdline: build.string("cmdline") ?? own.string("cmdline"),
  };
  if (type !== "hvm") return os;
  return {
    ...os,
    boot: parseBootOrder(own.string("boot") ?? "c"),
    loader: parseLoader(own.string("bios"), os, capabilities),
    acpiSlic: own.string("acpi_firmware"),
  };
}

function readBootloader(build: LibxlReader, own: LibxlReader): Pick<Domain, "bootloader" | "bootloaderArgs"> {
  const args = [...build.strings("bootloader_args"), ...own.strings("bootloader_args")];
  return {
    bootloader: build.string("bootloader") ?? own.string("bootloader"),
    bootloaderArgs: args.length === 0 ? undefined : args.join(" "),
  };
}

/** libxl leaves out its first, which is the end. */
function readAction(written: string | undefined): LifecycleAction {
  const known = Object.entries(ACTIONS) as readonly (readonly [LifecycleAction, string])[];
  return known.find(([, name]) => name === written)?.[0] ?? "destroy";
}
