import { XML_FLAG } from "@polyvisor/core";
import {
  type Domain as Config,
  type DomainHooks,
  formatDomain,
  type Interface,
  parseDomain,
  readDomain,
  type Video,
} from "@polyvisor/sdk/conf/domain";
import { parseValidXml } from "@polyvisor/sdk/schema";
import type { XmlElement } from "@polyvisor/sdk/xml";
import { TEST_NAMESPACE_HOOKS } from "./node-file/test-namespace.js";
import { behaviourOf } from "./simulation/behaviour.js";

/** Reads a document: what a client sends to define or create. */
export function readConfig(xml: string): Config {
  return nameInterfaces(parseDomain(xml, { hooks: HOOKS }));
}

/** The same from an element, such as one inside a node's file. */
export function readConfigElement(root: XmlElement): Config {
  return nameInterfaces(readDomain(root, { hooks: HOOKS }));
}

/** The same, held against libvirt's schema first. */
export async function readValidConfig(xml: string): Promise<Config> {
  const root = await parseValidXml(xml, "domain", { explain: (element) => readDomain(element, { hooks: HOOKS }) });
  return readConfigElement(root);
}

/** What a saved guest's file holds: its cards get their names when it is restored. */
export function readSavedConfig(xml: string): Config {
  return parseDomain(xml, { hooks: HOOKS });
}

/** Writes a document; `flags` are of `XML_FLAG`. */
export function writeConfig(config: Config, flags: number): string {
  return formatDomain(config, {
    inactive: (flags & XML_FLAG.INACTIVE) !== 0,
    secure: (flags & XML_FLAG.SECURE) !== 0,
    migratable: (flags & XML_FLAG.MIGRATABLE) !== 0,
  });
}

export const DEFAULT_ARCH = "i686";

/** What this driver takes, and what it fills in where a document does not say. */
export const HOOKS: DomainHooks = {
  features: new Set(["memory-hotplug", "offline-vcpupin", "individual-vcpus", "user-alias", "net-model-string"]),
  defaultArch: DEFAULT_ARCH,
  namespace: TEST_NAMESPACE_HOOKS,
  devices: { video: chooseVideo },
  validate: (domain) => void behaviourOf(domain),
};

function chooseVideo(video: Video, { os }: Config): Video {
  if (video.model.type !== undefined) return video;
  const paravirtual = os.type === "xen" || os.type === "linux";
  const type = paravirtual ? "xen" : os.arch === "ppc64" || os.arch === "ppc64le" ? "vga" : "cirrus";
  return { ...video, model: { ...video.model, type } };
}

/** Every network card has a name on the host: `testnet0`, `testnet1` and so on where none was given. */
function nameInterfaces(config: Config): Config {
  const { interfaces } = config.devices;
  if (interfaces.every(({ target }) => target?.dev !== undefined)) return config;
  const taken = new Set(interfaces.map(({ target }) => target?.dev));
  let number = 0;
  const named = interfaces.map((card): Interface => {
    if (card.target?.dev !== undefined) return card;
    while (taken.has(`testnet${number}`)) number += 1;
    const dev = `testnet${number}`;
    taken.add(dev);
    return { ...card, target: { ...card.target, dev } };
  });
  return { ...config, devices: { ...config.devices, interfaces: named } };
}
