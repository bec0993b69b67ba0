import { isDeepStrictEqual } from "node:util";
import type { Controller, Cpu, CpuFeature, Domain, Serial } from "@polyvisor/sdk/conf";
import { type Audio, insertController, mapDevices, type Seclabel, withDevices } from "@polyvisor/sdk/conf/domain";
import { addAudio } from "./default-audio.js";
import { type ConfFolders, dropMadeUpPaths } from "./domain-defaults.js";
import { type HostFacts, THIS_HOST } from "./host-facts.js";
import { isI440fx } from "./machine.js";

/** The configuration as an older manager on another host would understand it: what it adds by itself is left out. */
export function migratable(domain: Domain, folders: ConfFolders, host: HostFacts = THIS_HOST): Domain {
  let result = withoutDefaultControllers(domain);
  result = withDevices(result, { panics: result.devices.panics.filter(({ model }) => !OWN_PANICS.has(model)) });
  result = mapDevices(dropMadeUpPaths(result, folders), { serial: plainSerial });
  const consoles = result.devices.consoles.map((each, port) => ({ ...each, target: { ...each.target, port } }));
  result = withDevices(result, { consoles });
  result = { ...result, seclabels: result.seclabels.filter((label) => !isOwnersLabel(label)) };
  return withoutDefaultAudio(withPconfig(result), host);
}

/** Managers of old know one label of a guest, which is not that of its owner. */
function isOwnersLabel({ model, type, imagelabel }: Seclabel): boolean {
  return model === "dac" && type === "dynamic" && imagelabel !== undefined;
}

/** The panic devices that a machine has by itself. */
const OWN_PANICS: ReadonlySet<string | undefined> = new Set(["s390", "pseries"]);

/** The one USB controller of an old PC, and the root of its PCI bus, were there before anyone wrote them down. */
function withoutDefaultControllers(domain: Domain): Domain {
  const { controllers } = domain.devices;
  const only = (type: "usb" | "pci") => {
    const [first, second] = controllers.filter((each) => each.type === type);
    return second === undefined && first?.index === 0 && !first.alias?.startsWith("ua-") ? first : undefined;
  };
  const usb = isI440fx(domain) ? only("usb") : undefined;
  const pci = only("pci");
  const isOldUsb = usb?.type === "usb" && (usb.model === undefined || usb.model === "piix3-uhci");
  const isPlainRoot = pci?.type === "pci" && pci.model === "pci-root" && !pci.pcihole64;
  // read anew, those that were added last stand where their type and index put them
  const sorted: Controller[] = [];
  for (const each of controllers) {
    if (!(isOldUsb && each === usb) && !(isPlainRoot && each === pci)) insertController(sorted, each);
  }
  return withDevices(domain, { controllers: sorted });
}

/** Serial ports that once had no type of their own. */
const ONCE_PLAIN: ReadonlySet<string | undefined> = new Set(["spapr-vio-serial", "system-serial"]);

function plainSerial(serial: Serial): Serial {
  if (!ONCE_PLAIN.has(serial.target.type)) return serial;
  return { ...serial, target: { ...serial.target, type: undefined, model: undefined } };
}

/** QEMU once listed a feature of this processor that it never gave; managers of that time believe the list. */
function withPconfig(domain: Domain): Domain {
  const { cpu } = domain;
  if (cpu?.mode !== "custom" || cpu.model !== "Icelake-Server") return domain;
  const pconfig: CpuFeature = { name: "pconfig", policy: "disable" };
  const others = cpu.features.filter(({ name }) => name !== pconfig.name);
  const changed: Cpu = { ...cpu, features: [...others, pconfig] };
  return { ...domain, cpu: changed };
}

function withoutDefaultAudio(domain: Domain, host: HostFacts): Domain {
  const [audio, second] = domain.devices.audios;
  if (audio === undefined || second !== undefined) return domain;
  const silent = withDevices(domain, { audios: [] });
  const [made] = addAudio(silent, host.audio).devices.audios;
  return made !== undefined && isDeepStrictEqual(said(audio), said(made)) ? silent : domain;
}

/** Without the keys of which a document says nothing. */
function said(audio: Audio): object {
  return Object.fromEntries(Object.entries(audio).filter(([, value]) => value !== undefined));
}
