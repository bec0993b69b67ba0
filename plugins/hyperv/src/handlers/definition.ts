import type { Domain, DomainConfigHandlers, DomainDevicesHandlers, DomainLifecycleHandlers } from "@polyvisor/core";
import { XML_FLAG } from "@polyvisor/core";
import { type Domain as Config, formatDomain, parseDevice, parseDomain } from "@polyvisor/sdk/conf/domain";
import { checkFlags, hypervError } from "../errors.js";
import { documentOf, HYPERV_HOOKS } from "../machine/document.js";
import { type Machines, systemReference } from "../machine/machines.js";
import { Builder, checkParts } from "../machine/parts.js";
import type { Server } from "../server.js";
import { quoted } from "../wmi/wql.js";
import { named, selectorIn } from "../wsman/reply.js";
import { one } from "./host.js";
import { setMemory, setVcpus } from "./settings.js";

const XML_FLAGS = XML_FLAG.SECURE | XML_FLAG.INACTIVE | XML_FLAG.UPDATE_CPU | XML_FLAG.MIGRATABLE;
const VALIDATE = 1;

/** A machine's document: reading it, making one, adding to it. */
export function definitionHandlers(
  server: Server,
  inTurn: <T>(work: () => Promise<T>) => Promise<T>,
): DomainConfigHandlers & DomainLifecycleHandlers & DomainDevicesHandlers {
  const { machines } = server;
  return {
    async domainGetXMLDesc({ dom, flags }) {
      checkFlags(flags, XML_FLAGS, "hypervDomainGetXMLDesc");
      const inactive = (flags & XML_FLAG.INACTIVE) !== 0;
      const config = await documentOf(machines, dom, server.version);
      return formatDomain(config, { inactive, secure: (flags & XML_FLAG.SECURE) !== 0 });
    },
    domainDefineXML: ({ xml }) => inTurn(() => define(server, xml)),
    async domainDefineXMLFlags({ xml, flags }) {
      checkFlags(flags, VALIDATE, "hypervDomainDefineXMLFlags");
      if ((flags & VALIDATE) !== 0) await (await import("@polyvisor/sdk/schema")).parseValidXml(xml, "domain");
      return inTurn(() => define(server, xml));
    },
    domainUndefine: ({ dom }) => undefine(machines, dom),
    domainUndefineFlags({ dom, flags }) {
      checkFlags(flags, 0, "hypervDomainUndefineFlags");
      return undefine(machines, dom);
    },
    domainAttachDevice: ({ dom, xml }) => attach(server, dom, xml),
    domainAttachDeviceFlags({ dom, xml, flags }) {
      checkFlags(flags, 0, "hypervDomainAttachDeviceFlags");
      return attach(server, dom, xml);
    },
  };
}

async function undefine(machines: Machines, dom: Pick<Domain, "uuid">): Promise<void> {
  const { ref } = await machines.find(dom);
  await machines.manage("DestroySystem", { name: "AffectedSystem", reference: systemReference(ref) });
}

/** The server chooses the machine's UUID. One that cannot be made as it should be is taken away again. */
async function define(server: Server, xml: string): Promise<Domain> {
  const { machines } = server;
  const config = parseDomain(xml, { hooks: HYPERV_HOOKS, abiUpdate: true });
  if (config.name.includes("\n")) throw hypervError("XML_ERROR", "name cannot contain '\\n'", "choose another name");
  checkParts(config);
  const before = await machines.list(`(Name = ${quoted(config.uuid)} OR ElementName = ${quoted(config.name)})`);
  if (before.some(({ ref }) => ref.uuid === config.uuid)) {
    const detail = `Domain already exists with UUID '${config.uuid}'`;
    throw hypervError("DOM_EXIST", detail, "machines are not defined anew: undefine it first, or leave the UUID out");
  }
  const namesake = before.find(({ ref }) => ref.name === config.name);
  if (namesake !== undefined) {
    const detail = `domain '${config.name}' is already defined with uuid ${namesake.ref.uuid}`;
    throw hypervError("OPERATION_FAILED", detail, "choose another name");
  }
  const notes = config.description === undefined ? {} : { Notes: [config.description] };
  const output = await machines.manage("DefineSystem", {
    name: "SystemSettings",
    embedded: {
      className: "Msvm_VirtualSystemSettingData",
      properties: { ElementName: config.name, ...notes },
    },
  });
  const uuid = selectorIn(named(output, "ResultingSystem"), "Name")?.toLowerCase();
  const old = new Set(before.map(({ ref }) => ref.uuid));
  // where a job made it, only the list tells which one it is
  const made =
    uuid === undefined
      ? (await machines.list(`ElementName = ${quoted(config.name)}`)).find(({ ref }) => !old.has(ref.uuid))
      : await machines.find({ uuid });
  if (made === undefined) throw hypervError("INTERNAL_ERROR", "Could not find the machine that was defined");
  try {
    await build(server, made.ref, config);
  } catch (error) {
    await undefine(machines, made.ref).catch(() => {});
    throw error;
  }
  return made.ref;
}

async function build(server: Server, dom: Domain, config: Config): Promise<void> {
  const { machines, wmi, version } = server;
  const { devices } = config;
  const [settings, host] = await Promise.all([machines.settings(dom), one(wmi, "Win32_ComputerSystem")]);
  await setVcpus(machines, dom, config.vcpu.max);
  if (config.maxMemory !== undefined) await setMemory(machines, dom, config.maxMemory.size, "Limit");
  await setMemory(machines, dom, config.currentMemory, "VirtualQuantity");
  const builder = new Builder(machines, settings, host.required("Name"));
  for (const { type } of devices.controllers) if (type === "scsi") await builder.addScsiController();
  const controllers = await builder.controllers();
  for (const disk of devices.disks) await builder.addDisk(disk, controllers);
  for (const serial of devices.serials) await builder.connectSerial(serial, version);
  for (const card of devices.interfaces) await builder.addInterface(card);
}

/** Hyper-V knows what a machine that runs can bear, and says so. */
async function attach({ machines, wmi, version }: Server, dom: Domain, xml: string): Promise<void> {
  const config = await documentOf(machines, dom, version);
  const device = parseDevice(xml, config, { hooks: HYPERV_HOOKS });
  const [settings, host] = await Promise.all([machines.settings(dom), one(wmi, "Win32_ComputerSystem")]);
  const builder = new Builder(machines, settings, host.required("Name"));
  if (device.kind === "disk") return builder.addDisk(device, await builder.controllers());
  if (device.kind === "interface") return builder.addInterface(device);
  if (device.kind === "serial") return builder.connectSerial(device, version);
  const detail = `Attaching devices of type ${device.kind} is not implemented`;
  throw hypervError("INTERNAL_ERROR", detail, "disks, cards and serial ports can be attached");
}
