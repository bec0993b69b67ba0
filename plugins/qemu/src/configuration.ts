import { XML_FLAG } from "@polyvisor/core";
import {
  type Cpu,
  completeDomain,
  type Device,
  type Domain as DomainConfig,
  formatDomain,
  parseDevice,
  readDomain,
} from "@polyvisor/sdk/conf/domain";
import { hostArch } from "@polyvisor/sdk/conf/host";
import { namesNoModel, updateCpu } from "@polyvisor/sdk/cpu";
import { parseValidXml } from "@polyvisor/sdk/schema";
import { child, childText, parseXml, type XmlElement } from "@polyvisor/sdk/xml";
import { type CapabilitiesCache, findEmulator, type QemuCapabilities } from "./capabilities/index.js";
import { virtTypeOf } from "./conf/cpu.js";
import {
  assignAliases,
  type ConfFolders,
  migratable,
  qemuHooks,
  THIS_HOST,
  validateDefinition,
  withoutMadeUpPath,
} from "./conf/index.js";
import { hostModels } from "./cpu/host-model.js";
import { loadKnowledge } from "./cpu/knowledge.js";
import { qemuError } from "./errors.js";
import { type Measured, measuredPart } from "./state/measured.js";
import { swtpmVersions } from "./swtpm.js";

/** A configuration and what its emulator can do; `undefined` where the emulator is not there. */
export interface Configured<C = QemuCapabilities> {
  readonly config: DomainConfig;
  readonly caps: C;
}

/** How a device is read. */
export interface DeviceReading {
  /** As a definition has it, without what only a running guest has. */
  readonly inactive: boolean;
  /** It describes one that is there. */
  readonly onlyToFind: boolean;
}

/** Turns documents into configurations and back: what the emulator can do decides what is filled in. */
export class ConfigurationReader {
  readonly #cache: CapabilitiesCache;
  readonly #folders: ConfFolders;

  constructor(cache: CapabilitiesCache, folders: ConfFolders) {
    this.#cache = cache;
    this.#folders = folders;
  }

  /** A client's document, complete and checked; `validate`: held against libvirt's schema first. */
  async read(xml: string, options: { readonly validate: boolean }): Promise<DomainConfig> {
    const explain = (element: XmlElement) => this.#written(element);
    const root = options.validate ? await parseValidXml(xml, "domain", { explain }) : parseDocument(xml);
    const written = this.#written(root);
    const caps = await this.#capsFor(written);
    const host = written.devices.tpms.length === 0 ? THIS_HOST : { ...THIS_HOST, swtpmVersions: await swtpmVersions() };
    return readDomain(root, { hooks: qemuHooks(caps, this.#folders, host), abiUpdate: true });
  }

  /**
   * One of our own definitions. Its emulator may have gone or changed since; then only starting it fails. Thousands are
   * read in a row, so what is known of an emulator is taken as it is.
   */
  async readStored(xml: string): Promise<DomainConfig> {
    const root = parseDocument(xml, true);
    const emulator = emulatorOf(root);
    const known = emulator === undefined ? undefined : this.#cache.peek(emulator);
    const caps = await (known ?? this.#capsFor(this.#written(root))).catch(() => undefined);
    if (caps === undefined) return readDomain(root, { hooks: qemuHooks(undefined, this.#folders) });
    try {
      return readDomain(root, { hooks: qemuHooks(caps, this.#folders) });
    } catch {
      // It cannot do any more what it could when this was defined.
      return readDomain(root, { hooks: qemuHooks(undefined, this.#folders) });
    }
  }

  /** What statistics need of one of our own definitions. Those that are written in full need no emulator to be read. */
  async readMeasured(xml: string): Promise<Measured> {
    const written = this.#written(parseDocument(xml, true));
    const isComplete = written.currentMemory > 0 && written.devices.memballoon !== undefined;
    return measuredPart(isComplete ? written : await this.readStored(xml));
  }

  /** The running configuration in one of our own status files. */
  async readLive(element: XmlElement): Promise<Configured<QemuCapabilities | undefined>> {
    const options = { inactive: false, status: true };
    const caps = await this.#capsFor(this.#written(element)).catch(() => undefined);
    const config = readDomain(element, { ...options, hooks: qemuHooks(caps, this.#folders) });
    // A device that is not really there (a disabled bus) has a name all the same, and loses it when it is read.
    return { config: assignAliases(config), caps };
  }

  /** A definition as a guest is started from it: what the emulator can do now is checked, every device has its name. */
  async forStart(definition: DomainConfig): Promise<Configured> {
    const caps = await this.#capsFor(definition);
    validateDefinition(definition, caps);
    return { config: assignAliases(definition), caps };
  }

  /** One device, for a domain that has it or is to get it: complete, and checked unless it is only to be found. */
  async readDevice(xml: string, domain: DomainConfig, options: DeviceReading): Promise<Device> {
    const caps = await this.#capsFor(domain);
    const device = parseDevice(xml, domain, {
      hooks: qemuHooks(caps, this.#folders),
      abiUpdate: !options.onlyToFind,
      skipChecks: options.onlyToFind,
      inactive: options.inactive,
    });
    return options.inactive ? withoutMadeUpPath(device, domain, this.#folders) : device;
  }

  /** A definition whose devices have changed, made whole again: every device in its place, what one needs is there. */
  async completed(changed: DomainConfig): Promise<DomainConfig> {
    const caps = await this.#capsFor(changed);
    return completeDomain(changed, { hooks: qemuHooks(caps, this.#folders), abiUpdate: true, skipChecks: true });
  }

  /** The processor that a guest would get if it were started now, in the place of what the definition asks for. */
  async withHostCpu(config: DomainConfig): Promise<DomainConfig> {
    const { cpu } = config;
    if (cpu === undefined || namesNoModel(cpu)) return config;
    const caps = await this.#capsFor(config);
    const known = await loadKnowledge(config.os.arch ?? caps.arch);
    return { ...config, cpu: updateCpu(known.guest, cpu, hostModels(caps, virtTypeOf(config), known)?.migratable) };
  }

  /** A document for a client; `flags` are of `XML_FLAG`; `asked`: the processor to which a migration goes back. */
  format(config: DomainConfig, flags: number, asked?: Cpu): string {
    const isMigratable = (flags & XML_FLAG.MIGRATABLE) !== 0;
    const moved = asked === undefined ? config : { ...config, cpu: asked };
    return formatDomain(isMigratable ? migratable(moved, this.#folders) : config, {
      inactive: isMigratable || (flags & XML_FLAG.INACTIVE) !== 0,
      secure: (flags & XML_FLAG.SECURE) !== 0,
      migratable: isMigratable,
    });
  }

  /** What a document says, before anyone knows what its emulator can do. */
  #written(root: XmlElement): DomainConfig {
    return readDomain(root, { hooks: qemuHooks(undefined, this.#folders), skipDefaults: true });
  }

  async #capsFor(config: DomainConfig): Promise<QemuCapabilities> {
    const arch = config.os.arch ?? hostArch();
    const emulator = config.devices.emulator ?? (await findEmulator(arch));
    if (emulator === undefined) {
      throw qemuError("CONFIG_UNSUPPORTED", `could not find an emulator for guests of architecture '${arch}'`, {
        hint: "install QEMU (apt install qemu-system-x86), or name the program in <emulator>",
      });
    }
    return this.#cache.lookup(emulator);
  }
}

function parseDocument(xml: string, ours = false): XmlElement {
  return parseXml(xml, { documentName: "(domain_definition)", errorDomain: "DOMAIN", ours });
}

function emulatorOf(root: XmlElement): string | undefined {
  const devices = child(root, "devices");
  return devices === undefined ? undefined : childText(devices, "emulator");
}
