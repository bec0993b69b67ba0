import { VirtError } from "@polyvisor/core";
import { assignControllerIndexes } from "../controllers.js";
import { mapDevices, withDevices } from "../devices.js";
import type { DomainHooks, HookContext } from "../hooks.js";
import type { Domain, Input, Serial, Video } from "../model/index.js";
import {
  checkBootOrder,
  checkController,
  checkCpu,
  checkFeatures,
  checkInputs,
  checkPanics,
  checkTimers,
} from "./checks.js";
import { genericDeviceDefaults, type NewIdentities, videoDefaults } from "./devices.js";
import { addImplicitDevices } from "./implicit.js";

export interface DefaultsOptions extends HookContext, NewIdentities {}

/** Fills in everything that the XML leaves open, in libvirt's order, with the driver's hooks in between. */
export function fillDefaults(written: Domain, hooks: DomainHooks, options: DefaultsOptions): Domain {
  let domain = mapDevices(written, { input: (input) => ({ ...input, bus: input.bus ?? inputBus(input, written) }) });
  checkInputs(domain);
  domain = hooks.basics?.(domain) ?? domain;
  domain = assignControllerIndexes(domain);
  domain = hooks.domain?.(domain, options) ?? domain;
  domain = assignIsaSerialPorts(domain);
  const generic = genericDeviceDefaults(hooks, options);
  if (hooks.devices !== undefined) domain = mapDevices(domain, hooks.devices);
  domain = numberSerials(mapDevices(domain, generic));
  if (domain.os.type === "exe" && domain.os.init === undefined)
    fail("init binary must be specified", "Add <os><init>.");
  domain = vcpuDefaults(domain);
  domain = memoryDefaults(domain, options);
  domain = hugepageDefaults(osDefaults(domain));
  checkController(domain);
  checkPanics(domain);
  if (domain.os.type === "hvm" && hooks.features?.has("no-boot-order") !== true) domain = bootDefaults(domain);
  checkTimers(domain);
  domain = addImplicitDevices(domain);
  domain = finishDevices(domain, hooks);
  domain = graphicsDefaults(domain);
  checkCpu(domain);
  domain = hooks.assignAddresses?.(domain, options) ?? domain;
  return checkFeatures(domain, hooks.features ?? new Set());
}

function fail(detail: string, hint: string): never {
  throw new VirtError("XML_ERROR", detail, { domain: "DOMAIN", hint });
}

const ISA_PORTS = 4;

function assignIsaSerialPorts(domain: Domain): Domain {
  const { serials } = domain.devices;
  const isa = serials.filter((serial) => serial.target.type === "isa-serial");
  if (isa.length === 0) return domain;
  const used = new Set<number>();
  for (const { target } of isa) {
    if (isa.length > ISA_PORTS || target.port >= ISA_PORTS) {
      throw new VirtError("INTERNAL_ERROR", `Maximum supported number of ISA serial ports is '${ISA_PORTS}'`, {
        domain: "DOMAIN",
      });
    }
    if (target.port !== -1 && used.has(target.port)) {
      throw new VirtError("INTERNAL_ERROR", `target port '${target.port}' already allocated`, { domain: "DOMAIN" });
    }
    if (target.port !== -1) used.add(target.port);
  }
  const next = (serial: Serial): Serial => {
    if (serial.target.type !== "isa-serial" || serial.target.port !== -1) return serial;
    let port = 0;
    while (used.has(port)) port++;
    used.add(port);
    return { ...serial, target: { ...serial.target, port } };
  };
  return withDevices(domain, { serials: serials.map(next) });
}

/** Serial ports without a number take the next one after the highest. */
function numberSerials(domain: Domain): Domain {
  let next = Math.max(-1, ...domain.devices.serials.map((each) => each.target.port)) + 1;
  return mapDevices(domain, {
    serial: (serial) =>
      serial.target.port === -1 ? { ...serial, target: { ...serial.target, port: next++ } } : serial,
  });
}

/** Where an input device sits when it does not say. */
export function inputBus({ type }: Input, domain: Domain): Input["bus"] {
  const { os } = domain;
  if (os.type === "xen" || os.type === "xenpvh") return "xen";
  if (os.type !== "hvm") return domain.type === "vz" || domain.type === "parallels" ? "parallels" : "ps2";
  const x86 = os.arch === "x86_64" || os.arch === "i686";
  if ((type === "mouse" || type === "keyboard") && x86) return "ps2";
  if (os.arch?.startsWith("s390") || type === "passthrough") return "virtio";
  return type === "evdev" ? "none" : "usb";
}

/** Without NUMA cells, huge pages of node 0 are huge pages of the guest. */
function hugepageDefaults(domain: Domain): Domain {
  const pages = domain.memoryBacking?.hugepages;
  if (pages === undefined || (domain.cpu?.numa?.cells.length ?? 0) > 0) return domain;
  const hugepages = pages.map((page) =>
    page.nodeset?.some((node) => node > 0) ? page : { ...page, nodeset: undefined },
  );
  return { ...domain, memoryBacking: { ...domain.memoryBacking, hugepages } };
}

function vcpuDefaults(domain: Domain): Domain {
  const { vcpu } = domain;
  if (vcpu.individual === undefined) return domain;
  const individual = vcpu.individual.map((each) => {
    if (each.enabled === "no" && each.hotpluggable === "no") {
      const words = `vcpu '${each.id}' is both offline and not hotpluggable`;
      throw new VirtError("CONFIG_UNSUPPORTED", words, {
        domain: "DOMAIN",
        hint: "Enable it, or let it be hot-plugged.",
      });
    }
    const hotpluggable = each.hotpluggable ?? (each.enabled === "yes" ? "no" : "yes");
    return { ...each, hotpluggable };
  });
  return { ...domain, vcpu: { ...vcpu, individual } };
}

function memoryDefaults(domain: Domain, options: DefaultsOptions): Domain {
  const cells = domain.cpu?.numa?.cells ?? [];
  const numa = domain.memory === 0 || options.abiUpdate ? cells.reduce((sum, cell) => sum + cell.memory, 0) : 0;
  const pluggable = domain.devices.memories.reduce((sum, device) => sum + device.target.size, 0);
  if (numa === 0 && pluggable > domain.memory) {
    fail("Total size of memory devices exceeds the total memory size", "Raise <memory>.");
  }
  const memory = numa > 0 ? numa + pluggable : domain.memory;
  if (memory - pluggable === 0) {
    fail(
      "Memory size must be specified via <memory> or in the <numa> configuration",
      "Add <memory unit='MiB'>512</memory>.",
    );
  }
  const current = domain.currentMemory;
  const max = domain.maxMemory;
  if (max !== undefined && (max.size === 0 || max.slots === 0)) {
    fail("both maximum memory size and memory slot count must be specified", "Add slots='16' to <maxMemory>.");
  }
  if (max !== undefined && max.size < memory) {
    fail("maximum memory size must be equal or greater than the actual memory size", "Raise <maxMemory>.");
  }
  return { ...domain, memory, currentMemory: current === 0 || current > memory ? memory : current };
}

function osDefaults(domain: Domain): Domain {
  const { os } = domain;
  const features = os.firmwareFeatures;
  const keys = features?.find((each) => each.name === "enrolled-keys")?.enabled;
  let result = os;
  if (keys === "yes") {
    if (features?.some((each) => each.name === "secure-boot" && each.enabled === "no")) {
      const words =
        "firmware feature 'enrolled-keys' cannot be enabled when firmware feature 'secure-boot' is disabled";
      throw new VirtError("XML_DETAIL", words, { domain: "DOMAIN" });
    }
    const secureBoot = { name: "secure-boot", enabled: "yes" } as const;
    result = { ...result, firmwareFeatures: [{ name: "enrolled-keys", enabled: "yes" }, secureBoot] };
  }
  if (result.loader?.path !== undefined && result.loader.type === undefined) {
    result = { ...result, loader: { ...result.loader, type: "rom" } };
  }
  return result === os ? domain : { ...domain, os: result };
}

/** A guest that says nothing about booting boots from its first disk. */
function bootDefaults(domain: Domain): Domain {
  const ordered = checkBootOrder(domain);
  if (domain.os.boot.length > 0 || ordered) return domain;
  return { ...domain, os: { ...domain.os, boot: ["hd"] } };
}

/** The devices that the implicit ones added or touched get their defaults too. */
function finishDevices(domain: Domain, hooks: DomainHooks): Domain {
  const { videos, serials, controllers } = domain.devices;
  const [video, ...others] = videos;
  const [serial, ...moreSerials] = serials;
  return withDevices(domain, {
    videos: video === undefined ? videos : [firstVideo(video, domain, hooks), ...others],
    serials: serial === undefined ? serials : [hooks.devices?.serial?.(serial, domain) ?? serial, ...moreSerials],
    controllers: controllers.map((each) =>
      each.type === "scsi" && each.model === undefined ? (hooks.devices?.controller?.(each, domain) ?? each) : each,
    ),
  });
}

function firstVideo(video: Video, domain: Domain, hooks: DomainHooks): Video {
  if (video.model.type === "none") return { kind: "video", model: { type: "none" }, alias: video.alias };
  const primary: Video = { ...video, model: { ...video.model, primary: true } };
  return videoDefaults(hooks.devices?.video?.(primary, domain) ?? primary, domain);
}

/** SPICE without any port listens nowhere. */
function graphicsDefaults(domain: Domain): Domain {
  return mapDevices(domain, {
    graphics: (graphics) => {
      if (graphics.type !== "spice") return graphics;
      const [first, ...others] = graphics.listens;
      const silent = graphics.port === undefined && graphics.tlsPort === undefined && !graphics.autoport;
      if (first?.type !== "address" || !silent) return graphics;
      return { ...graphics, listens: [{ type: "none" }, ...others] };
    },
  });
}
