import {
  checkFlags,
  DEFINE_FLAG,
  DomainRef,
  type Domain as DomainReference,
  type HypervisorHandlers,
  UNDEFINE_FLAG,
  XML_FLAG,
} from "@polyvisor/core";
import { type Domain, formatDomain, readDomain, type ScsiControllerModel } from "@polyvisor/sdk/conf/domain";
import { parseXml } from "@polyvisor/sdk/xml";
import { escapeDatastoreItem, folderPath, parseDatastorePath } from "../datastore-path.js";
import { listDatastores, mountedName } from "../datastores.js";
import { findFile } from "../files.js";
import type { Server } from "../server.js";
import { esxError } from "../soap/error.js";
import { ref, text } from "../soap/message.js";
import type { ProductLine } from "../soap/session.js";
import { formatVmx, parseVmx, vmwareHooks } from "../vmx/index.js";
import { readingOf, VmxFiles } from "./vmx-files.js";

const NATIVE_FORMAT = "vmware-vmx";
const DOCUMENT = { documentName: "(domain_definition)", errorDomain: "DOMAIN" } as const;
const XML_FLAGS = XML_FLAG.SECURE | XML_FLAG.INACTIVE | XML_FLAG.UPDATE_CPU | XML_FLAG.MIGRATABLE;

/** Machines' configurations: documents here, VMX files on the server. */
export function definitionHandlers(server: Server): HypervisorHandlers {
  const files = new VmxFiles(server);
  const define = (xml: string, flags: number) => defineMachine(server, xml, flags);
  return {
    async domainGetXMLDesc({ dom, flags }) {
      checkFlags(flags, XML_FLAGS, "esxDomainGetXMLDesc", "ESX");
      const domain = await files.read(dom);
      return formatDomain(domain, {
        inactive: (flags & XML_FLAG.INACTIVE) !== 0,
        secure: (flags & XML_FLAG.SECURE) !== 0,
        migratable: (flags & XML_FLAG.MIGRATABLE) !== 0,
      });
    },
    domainDefineXML: ({ xml }) => define(xml, 0),
    domainDefineXMLFlags({ xml, flags }) {
      checkFlags(flags, DEFINE_FLAG.VALIDATE, "esxDomainDefineXMLFlags", "ESX");
      return define(xml, flags);
    },
    domainUndefine: ({ dom }) => undefine(server, dom),
    domainUndefineFlags({ dom, flags }) {
      checkFlags(flags, UNDEFINE_FLAG.SNAPSHOTS_METADATA, "esxDomainUndefineFlags", "ESX");
      return undefine(server, dom);
    },
    async connectDomainXMLFromNative({ nativeFormat, nativeConfig, flags }) {
      checkFlags(flags, 0, "esxConnectDomainXMLFromNative", "ESX");
      expectFormat(nativeFormat);
      const reading = await readingOf(server, nativeConfig, "[?] ?");
      const domain = parseVmx(nativeConfig, reading, await server.facts.capabilities());
      return formatDomain(domain, { inactive: true });
    },
    async connectDomainXMLToNative({ nativeFormat, domainXml, flags }) {
      checkFlags(flags, 0, "esxConnectDomainXMLToNative", "ESX");
      expectFormat(nativeFormat);
      return toVmx(server, await parseDocument(server, domainXml, false));
    },
  };
}

function expectFormat(format: string): void {
  if (format === NATIVE_FORMAT) return;
  throw esxError("INVALID_ARG", `Unsupported config format '${format}'`, `the format is ${NATIVE_FORMAT}`);
}

async function parseDocument(server: Server, xml: string, validate: boolean): Promise<Domain> {
  const hooks = vmwareHooks(await server.facts.capabilities());
  if (!validate) return readDomain(parseXml(xml, DOCUMENT), { hooks });
  const { parseValidXml } = await import("@polyvisor/sdk/schema");
  return readDomain(await parseValidXml(xml, "domain"), { hooks });
}

/** The version of the virtual hardware that machines get here. */
function hardwareVersion(line: ProductLine, productVersion: number): number {
  if (line === "GSX") return 7;
  const major = Math.floor(productVersion / 1_000_000);
  const minor = Math.floor(productVersion / 1000) - major * 1000;
  if (major === (line === "ESX" ? 3 : 2)) return 4;
  if (major === 4) return 7;
  if (major === 5) return minor < 5 ? 9 : 10;
  return major === 6 ? 10 : 8;
}

async function toVmx(server: Server, domain: Domain): Promise<string> {
  const { productLine, productVersion } = server.primary.session.service;
  const datastores = await listDatastores(server.primary);
  const models = await scsiModels(server, domain);
  return formatVmx(domain, {
    hardwareVersion: hardwareVersion(productLine, productVersion),
    fileName: (source) => mountedName(datastores, source),
    scsiModel: (source) => models.get(source) ?? "auto",
  });
}

const CONTROLLER_TYPES: ReadonlyMap<string, ScsiControllerModel> = new Map([
  ["virtualbuslogiccontroller", "buslogic"],
  ["virtuallsilogiccontroller", "lsilogic"],
  ["virtuallsilogicsascontroller", "lsisas1068"],
  ["paravirtualscsicontroller", "vmpvscsi"],
]);

/** What the images of disks were made for whose controllers are to find it out. */
async function scsiModels(server: Server, { devices }: Domain): Promise<ReadonlyMap<string, ScsiControllerModel>> {
  const models = new Map<string, ScsiControllerModel>();
  const automatic = devices.controllers.filter((each) => each.type === "scsi" && each.model === "auto");
  for (const { source, target, device, address } of devices.disks) {
    const isAutomatic = automatic.some((each) => address?.type === "drive" && address.controller === each.index);
    if (!isAutomatic || target.bus !== "scsi" || device !== "disk") continue;
    if (source.type !== "file" || source.path?.startsWith("[") !== true) continue;
    models.set(source.path, await scsiModel(server, source.path));
  }
  return models;
}

async function scsiModel(server: Server, path: string): Promise<ScsiControllerModel> {
  const found = await findFile(server, path);
  if (found === undefined) {
    throw esxError("NO_STORAGE_VOL", `No storage volume with key or path '${path}'`, "make the image first");
  }
  if (found.controllerType === undefined) {
    const detail = `Could not lookup controller model for '${path}'`;
    throw esxError("INTERNAL_ERROR", detail, "say the controller's model");
  }
  const model = CONTROLLER_TYPES.get(found.controllerType.toLowerCase());
  if (model !== undefined) return model;
  const detail = `Found unexpected controller model '${found.controllerType}' for disk '${path}'`;
  throw esxError("INTERNAL_ERROR", detail, "say the controller's model");
}

async function defineMachine(server: Server, xml: string, flags: number): Promise<DomainReference> {
  const { machines, primary } = server;
  const { session, place } = primary;
  const domain = await parseDocument(server, xml, (flags & DEFINE_FLAG.VALIDATE) !== 0);
  if (domain.name.includes("\n")) {
    throw esxError("XML_ERROR", "name contains invalid char(s)", "a name is one line");
  }
  const known = await machines.list();
  if (known.some(({ dom }) => dom.uuid === domain.uuid || dom.name === domain.name)) {
    const detail = "Domain already exists, editing existing domains is not supported yet";
    throw esxError("INTERNAL_ERROR", detail, "undefine it first, or change it with the server's own tools");
  }
  const vmx = await toVmx(server, domain);
  const { datastore, directory } = folderOfMachine(domain);
  const name = `${escapeDatastoreItem(domain.name)}.vmx`;
  const path = directory === "" ? name : `${directory}/${name}`;
  const url = folderPath(path, datastore, place.datacenterPath);
  const { status } = await session.http.exchange({ method: "PUT", path: url, body: vmx, type: "text/plain" });
  if (status !== 200 && status !== 201) {
    const detail = `HTTP response code ${status} for upload to '${url}'`;
    throw esxError("INTERNAL_ERROR", detail, "the folder of the first disk must be there, and writable");
  }
  const body =
    text("path", `[${datastore}] ${path}`) +
    text("asTemplate", false) +
    ref("pool", place.resourcePool) +
    ref("host", place.host);
  const end = await machines.perform("RegisterVM_Task", place.vmFolder, body);
  if (!end.ok) {
    throw esxError("INTERNAL_ERROR", `Could not define domain: ${end.words}`, "the server's own log says more");
  }
  return new DomainRef(domain.name, domain.uuid, -1);
}

/** A machine's VMX file goes where its first disk's image is. */
function folderOfMachine({ devices }: Domain): { datastore: string; directory: string } {
  const hint = "the VMX file goes into the folder of the first disk's image";
  const failed = (detail: string) => esxError("INTERNAL_ERROR", detail, hint);
  if (devices.disks.length === 0) {
    throw failed("Domain XML doesn't contain any disks, cannot deduce datastore and path for VMX file");
  }
  const disk = devices.disks.find(({ device, source }) => device === "disk" && source.type === "file");
  if (disk === undefined || disk.source.type !== "file") {
    throw failed("Domain XML doesn't contain any file-based harddisks, cannot deduce datastore and path for VMX file");
  }
  const { path } = disk.source;
  if (path === undefined) {
    throw failed("First file-based harddisk has no source, cannot deduce datastore and path for VMX file");
  }
  const { datastore, directory } = parseDatastorePath(path);
  if (!path.toLowerCase().endsWith(".vmdk")) {
    throw failed(`Expecting source '${path}' of first file-based harddisk to be a VMDK image`);
  }
  return { datastore, directory };
}

/** The server forgets the machine; its files stay. */
async function undefine({ machines, primary, vcenter }: Server, { uuid }: DomainReference): Promise<void> {
  const site = vcenter ?? primary;
  const found = await machines.find(uuid);
  if (found.power === "poweredOn") {
    throw esxError("OPERATION_INVALID", "Domain is not suspended or powered off", "destroy it first");
  }
  const machine = site === primary ? found.ref : await machines.refOf(uuid, site);
  try {
    await site.session.call("UnregisterVM", machine);
  } finally {
    machines.changed();
  }
}
