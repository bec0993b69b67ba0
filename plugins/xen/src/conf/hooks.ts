import { VirtError } from "@polyvisor/core";
import type { Capabilities, Domain, DomainHooks, HookContext, Input } from "@polyvisor/sdk/conf";
import { requireGuest } from "@polyvisor/sdk/conf/capabilities-lookup";
import { addController, withDevices } from "@polyvisor/sdk/conf/domain";
import { XEN_DEVICE_DEFAULTS } from "./device-defaults.js";
import { XEN_NAMESPACE } from "./namespace.js";

/** What makes a Xen guest's configuration complete, and what Xen cannot do. */
export function xenHooks(capabilities: Capabilities): DomainHooks {
  return {
    features: new Set(["user-alias", "net-model-string"]),
    defaultArch: capabilities.host.arch,
    macPrefix: "00:16:3e",
    namespace: XEN_NAMESPACE,
    domain: (domain, context) => addImplicit(withFeatures(withoutMadeUpNames(domain, context))),
    devices: XEN_DEVICE_DEFAULTS,
    validate: (domain) => validate(domain, capabilities),
  };
}

/** Names that Xen gives the host's ends of network cards; they are forgotten with the guest. */
const MADE_UP = /^vif/;

function withoutMadeUpNames(domain: Domain, { inactive }: HookContext): Domain {
  if (!inactive) return domain;
  const interfaces = domain.devices.interfaces.map((each) =>
    each.target?.dev !== undefined && MADE_UP.test(each.target.dev) && each.target.managed !== "no"
      ? { ...each, target: undefined }
      : each,
  );
  return withDevices(domain, { interfaces });
}

function withFeatures(domain: Domain): Domain {
  if (domain.os.type !== "hvm" || domain.os.arch !== "x86_64") return domain;
  const isNuma = (domain.cpu?.numa?.cells.length ?? 0) > 0;
  const { features } = domain;
  return { ...domain, features: { ...features, pae: true, acpi: isNuma ? true : features.acpi } };
}

/** The devices that every guest has. */
function addImplicit(domain: Domain): Domain {
  const { consoles, inputs, memballoon, controllers } = domain.devices;
  const bus = domain.os.type === "hvm" ? "ps2" : "xen";
  const missing = (["mouse", "keyboard"] as const).filter(
    (type) => !inputs.some((each) => each.type === type && each.bus === bus),
  );
  const isPara = domain.os.type !== "hvm";
  const whole = withDevices(domain, {
    consoles:
      isPara && consoles.length === 0
        ? [{ kind: "console", source: { type: "pty" }, target: { type: "xen", port: 0 } }]
        : consoles,
    inputs: [...inputs, ...missing.map((type): Input => ({ kind: "input", type, bus }))],
    memballoon: memballoon ?? { kind: "memballoon", model: "xen" },
  });
  return controllers.some((each) => each.type === "xenbus")
    ? whole
    : addController(whole, { kind: "controller", type: "xenbus", index: -1 });
}

const SOUND_MODELS: ReadonlySet<string> = new Set(["ich6", "es1370", "ac97", "sb16"]);

function validate(domain: Domain, capabilities: Capabilities): void {
  const { os, type, devices } = domain;
  requireGuest(capabilities, { osType: os.type, arch: os.arch, type });
  const asked = os.firmware === "efi" && os.firmwareFeatures?.some((each) => each.name === "secure-boot");
  if (asked || (os.loader?.type === "pflash" && os.loader.secure === "yes")) {
    refuse("Secure boot is not supported on Xen", "Leave secure boot out.");
  }
  const [sound] = devices.sounds;
  if (sound !== undefined && !SOUND_MODELS.has(sound.model)) {
    refuse(`unsupported audio model ${sound.model}`, `Use one of ${[...SOUND_MODELS].join(", ")}.`);
  }
}

function refuse(detail: string, hint: string): never {
  throw new VirtError("CONFIG_UNSUPPORTED", detail, { domain: "LIBXL", hint });
}
