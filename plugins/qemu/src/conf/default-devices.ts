import { VirtError } from "@polyvisor/core";
import {
  addController,
  addUsbController,
  type Domain,
  type Input,
  maybeAddController,
  type Panic,
  type PciControllerModel,
  type UsbControllerModel,
  withDevices,
} from "@polyvisor/sdk/conf/domain";
import { has, isX86, type QemuCapabilities } from "../capabilities/index.js";
import { addAudio } from "./default-audio.js";
import type { HostFacts } from "./host-facts.js";
import { isArmVirt, isI440fx, isPseries, isQ35, isRiscvVirt } from "./machine.js";

/** What a machine has whether or not its configuration says so. */
interface Built {
  readonly pciRoot?: PciControllerModel | undefined;
  /** A machine without an entry has no USB by itself; `{}`: the model is chosen with the controller's other defaults. */
  readonly usb?: { readonly model?: UsbControllerModel | undefined } | undefined;
  readonly sata?: boolean;
  readonly balloon?: boolean;
  readonly usbInput?: boolean;
  readonly panic?: boolean;
}

/** Adds the devices that libvirt adds to every guest of a machine, in libvirt's order. */
export function addDefaultDevices(written: Domain, caps: QemuCapabilities, host: HostFacts): Domain {
  const built = builtIn(written, caps);
  let domain = written;
  if (isX86(domain.os.arch ?? "")) domain = maybeAddInput(maybeAddInput(domain, "mouse", "ps2"), "keyboard", "ps2");
  if (built.usb !== undefined && !hasController(domain, "usb")) domain = addUsbController(domain, built.usb.model);
  if (built.sata === true) domain = maybeAddController(domain, { kind: "controller", type: "sata", index: 0 });
  if (built.pciRoot !== undefined) domain = withPciRoot(domain, built.pciRoot);
  if (built.balloon === true && domain.devices.memballoon === undefined)
    domain = withDevices(domain, { memballoon: { kind: "memballoon", model: "virtio" } });
  if (built.usbInput === true) domain = addUsbInput(domain);
  if (built.panic === true) domain = addPanic(domain);
  return domain.devices.audios.length === 0 ? addAudio(domain, host.audio) : domain;
}

function builtIn(domain: Domain, caps: QemuCapabilities): Built {
  const arch = domain.os.arch ?? "";
  const machine = domain.os.machine ?? "";
  const common = { usb: {}, balloon: true } as const;
  switch (arch) {
    case "i686":
    case "x86_64":
      if (machine === "isapc") return { balloon: true };
      if (isQ35(domain)) return { balloon: true, pciRoot: "pcie-root", sata: true, usb: q35Usb(caps) };
      return isI440fx(domain) ? { ...common, pciRoot: "pci-root" } : common;
    case "armv6l":
      return machine === "versatilepb" ? { pciRoot: "pci-root" } : {};
    case "armv7l":
    case "aarch64":
      return isArmVirt(domain) && has(caps, "gpex-pcihost") ? { pciRoot: "pcie-root" } : {};
    case "ppc64":
    case "ppc64le":
      return { ...common, pciRoot: "pci-root", usbInput: true, panic: isPseries(domain) };
    case "alpha":
    case "ppc":
    case "sh4":
    case "sh4eb":
    case "sparc64":
      return { ...common, pciRoot: "pci-root" };
    case "riscv32":
    case "riscv64":
      return { balloon: true, ...(isRiscvVirt(domain) && has(caps, "gpex-pcihost") ? { pciRoot: "pcie-root" } : {}) };
    case "s390":
    case "s390x":
      return { balloon: true, panic: true, ...(has(caps, "zpci") ? { pciRoot: "pci-root" } : {}) };
    case "sparc":
      return {};
    case "mips":
    case "mipsel":
    case "mips64":
    case "mips64el":
      return machine === "malta" ? { ...common, pciRoot: "pci-root" } : common;
    default:
      return common;
  }
}

function q35Usb(caps: QemuCapabilities): Built["usb"] {
  if (has(caps, "qemu-xhci")) return { model: "qemu-xhci" };
  if (has(caps, "nec-usb-xhci")) return { model: "nec-xhci" };
  return has(caps, "ich9-usb-ehci1") ? { model: "ich9-ehci1" } : undefined;
}

function hasController(domain: Domain, type: string): boolean {
  return domain.devices.controllers.some((each) => each.type === type && each.index === 0);
}

function withPciRoot(domain: Domain, model: PciControllerModel): Domain {
  const there = domain.devices.controllers.find((each) => each.type === "pci" && each.index === 0);
  if (there === undefined) return addController(domain, { kind: "controller", type: "pci", index: 0, model });
  if (there.type === "pci" && there.model === model) return domain;
  const found = there.type === "pci" ? there.model : undefined;
  throw new VirtError(
    "XML_ERROR",
    `The PCI controller with index='0' must be model='${model}' for this machine type, but model='${found}' was found instead`,
    { domain: "DOMAIN", hint: "leave the controller with index 0 out: it is added by itself" },
  );
}

function maybeAddInput(domain: Domain, type: Input["type"], bus: Input["bus"]): Domain {
  const { inputs } = domain.devices;
  if (inputs.some((each) => each.type === type && each.bus === bus)) return domain;
  return withDevices(domain, { inputs: [...inputs, { kind: "input", type, bus }] });
}

/** A guest with a screen gets a keyboard, and a mouse unless it has a tablet. */
function addUsbInput(domain: Domain): Domain {
  if (domain.devices.graphics.length === 0) return domain;
  const tablet = domain.devices.inputs.some((each) => each.type === "tablet" && each.bus === "usb");
  const typed = maybeAddInput(domain, "keyboard", "usb");
  return tablet ? typed : maybeAddInput(typed, "mouse", "usb");
}

function addPanic(domain: Domain): Domain {
  const own: Panic["model"] = (domain.os.arch ?? "").startsWith("s390") ? "s390" : "pseries";
  const { panics } = domain.devices;
  if (panics.some((each) => each.model === undefined || each.model === own)) return domain;
  return withDevices(domain, { panics: [...panics, { kind: "panic" }] });
}
