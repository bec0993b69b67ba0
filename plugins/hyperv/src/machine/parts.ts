import { randomUUID } from "node:crypto";
import type { VirtError } from "@polyvisor/core";
import type { Disk, Domain, Interface, Serial } from "@polyvisor/sdk/conf/domain";
import { hypervError } from "../errors.js";
import type { Instance } from "../wmi/instance.js";
import { select } from "../wmi/wql.js";
import type { EmbeddedInstance } from "../wsman/parameters.js";
import { named, selectorIn } from "../wsman/reply.js";
import { NO_PIPE } from "./document.js";
import { type Machines, settingsReference } from "./machines.js";
import { pathOf, sameText } from "./paths.js";
import { type Controllers, controllersOf, TYPE } from "./storage.js";

const RESOURCE = "Msvm_ResourceAllocationSettingData";
const IMAGE = "Msvm_StorageAllocationSettingData";
const CARD = "Msvm_SyntheticEthernetPortSettingData";
const CONNECTION = "Msvm_EthernetPortAllocationSettingData";
const SWITCH = "Msvm_VirtualEthernetSwitch";
const CONNECTED = 2;

/** The kinds of drives and of what is put into them. */
const DRIVES = {
  disk: { type: TYPE.DISK_DRIVE, drive: "Synthetic Disk Drive", image: "Virtual Hard Disk" },
  cdrom: { type: TYPE.DVD_DRIVE, drive: "Synthetic DVD Drive", image: "Virtual CD/DVD Disk" },
} as const;
const FLOPPY_IMAGE = "Virtual Floppy Disk";
const ofHyperv = (kind: string): string => `Microsoft:Hyper-V:${kind}`;

/** Adds parts to one machine's settings. */
export class Builder {
  readonly #machines: Machines;
  readonly #settings: Instance;
  /** The server's name, which paths begin with. */
  readonly #host: string;

  constructor(machines: Machines, settings: Instance, host: string) {
    this.#machines = machines;
    this.#settings = settings;
    this.#host = host;
  }

  async controllers(): Promise<Controllers> {
    return controllersOf(await this.#machines.parts(this.#settings, RESOURCE));
  }

  async addScsiController(): Promise<void> {
    const kind = ofHyperv("Synthetic SCSI Controller");
    await this.#add({ className: RESOURCE, properties: { ResourceType: TYPE.SCSI, ResourceSubType: kind } });
  }

  /** A drive and what is in it; an image alone goes into the floppy drive that is there. */
  async addDisk(disk: Disk, controllers: Controllers): Promise<void> {
    const { source } = disk;
    if (disk.device === "lun") throw unsupported("Unsupported disk bus", "write device='disk'");
    if (source.type !== "file" && source.type !== "block") {
      throw unsupported("Unsupported disk type", "an image in a file of the host, or a number of a disk of the host");
    }
    const path = source.path ?? "";
    if (disk.target.bus === "fdc" || disk.device === "floppy") {
      if (controllers.floppy === undefined) throw noController();
      return this.#addImage(controllers.floppy.required("InstanceID"), path, FLOPPY_IMAGE);
    }
    const { controller, unit } = placeIn(disk, controllers);
    const place = { Parent: this.#path(RESOURCE, controller.required("InstanceID")), AddressOnParent: String(unit) };
    if (source.type === "block") return this.#addHostDisk(path, place);
    const { type, drive, image } = DRIVES[disk.device];
    const properties = { ...place, ResourceType: type, ResourceSubType: ofHyperv(drive) };
    const id = await this.#add({ className: RESOURCE, properties });
    if (path !== "") await this.#addImage(id, path, image);
  }

  async #addImage(drive: string, path: string, kind: string): Promise<void> {
    await this.#add({
      className: IMAGE,
      properties: {
        Parent: this.#path(RESOURCE, drive),
        HostResource: [path],
        ResourceType: TYPE.IMAGE,
        ResourceSubType: ofHyperv(kind),
      },
    });
  }

  /** `number` is the disk's `DriveNumber`. */
  async #addHostDisk(
    number: string,
    place: { readonly Parent: string; readonly AddressOnParent: string },
  ): Promise<void> {
    const drives = await this.#machines.wmi.query("Msvm_DiskDrive", select("Msvm_DiskDrive"));
    const drive = drives.find((each) => each.text("DriveNumber") === number);
    if (drive === undefined) {
      throw unsupported(
        `Could not find Msvm_DiskDrive object with number '${number}'`,
        "the disk must be offline there",
      );
    }
    const keys = {
      CreationClassName: "Msvm_DiskDrive",
      DeviceID: drive.required("DeviceID"),
      SystemCreationClassName: "Msvm_ComputerSystem",
      SystemName: drive.text("SystemName") ?? this.#host,
    };
    const resource = {
      HostResource: [pathOf(this.#host, "Msvm_DiskDrive", keys)],
      ResourceType: TYPE.DISK_DRIVE,
      ResourceSubType: ofHyperv("Physical Disk Drive"),
    };
    await this.#add({ className: RESOURCE, properties: { ...place, ...resource } });
  }

  /** A card, and its way into the switch that the interface names by UUID or by name. */
  async addInterface({ source, mac }: Interface): Promise<void> {
    const wanted = source.type === "bridge" ? source.bridge : source.type === "network" ? source.network : undefined;
    if (wanted === undefined) throw unsupported(`Unsupported interface type '${source.type}'`, "write type='bridge'");
    const switches = await this.#machines.wmi.query(SWITCH, select(SWITCH));
    const found = switches.find((each) => ["Name", "ElementName"].some((key) => sameText(each.text(key), wanted)));
    if (found === undefined) {
      const detail = `Could not retrieve virtual switch '${wanted}'`;
      throw hypervError("NO_NETWORK", detail, "virsh net-list tells the host's switches");
    }
    const address = mac?.address?.replaceAll(":", "").toUpperCase();
    const id = await this.#add({
      className: CARD,
      properties: {
        ResourceType: TYPE.CARD,
        ResourceSubType: ofHyperv("Synthetic Ethernet Port"),
        VirtualSystemIdentifiers: [`{${randomUUID()}}`],
        ...(address === undefined ? {} : { Address: address, StaticMacAddress: true }),
      },
    });
    const keys = { CreationClassName: SWITCH, Name: found.required("Name") };
    await this.#add({
      className: CONNECTION,
      properties: {
        EnabledState: CONNECTED,
        HostResource: [pathOf(this.#host, SWITCH, keys)],
        Parent: this.#path(CARD, id),
        ResourceType: TYPE.CONNECTION,
        ResourceSubType: ofHyperv("Ethernet Connection"),
      },
    });
  }

  /** Leads a port that every machine has to a named pipe. `version` is that of the server's Windows. */
  async connectSerial({ source, target }: Serial, version: string): Promise<void> {
    if (source.type !== "pipe") throw unsupported(`Unsupported serial type '${source.type}'`, "write type='pipe'");
    const className = version.startsWith("6.") ? RESOURCE : "Msvm_SerialPortSettingData";
    const ports = await this.#machines.parts(this.#settings, className);
    const port = ports.find((each) => each.text("ElementName") === `COM ${target.port}`);
    if (port === undefined) throw unsupported(`Could not attach serial port ${target.port}`, "there are ports 1 and 2");
    const path = source.path === undefined || source.path === NO_PIPE ? "" : source.path;
    await this.#machines.modify(port, {
      Connection: [path],
      ResourceType: TYPE.SERIAL,
      ResourceSubType: port.text("ResourceSubType") ?? ofHyperv("Serial Port"),
    });
  }

  /** The `InstanceID` of what was added. */
  async #add(embedded: EmbeddedInstance): Promise<string> {
    const output = await this.#machines.manage(
      "AddResourceSettings",
      { name: "AffectedConfiguration", reference: settingsReference(this.#settings) },
      { name: "ResourceSettings", embedded },
    );
    const id = selectorIn(named(output, "ResultingResourceSettings"), "InstanceID");
    if (id !== undefined) return id;
    throw hypervError("INTERNAL_ERROR", "Could not find selectors in method response", "look at the machine");
  }

  #path(className: string, id: string): string {
    return pathOf(this.#host, className, { InstanceID: id });
  }
}

function placeIn({ target, address }: Disk, { ide, scsi }: Controllers): { controller: Instance; unit: number } {
  const at = address?.type === "drive" ? address : { controller: 0, bus: 0, unit: 0 };
  if (target.bus !== "ide" && target.bus !== "scsi") {
    throw unsupported(`Unsupported controller type '${target.bus}'`, "write bus='ide', bus='scsi' or bus='fdc'");
  }
  const controller = target.bus === "ide" ? ide.get(at.bus) : scsi[at.controller];
  if (controller === undefined) throw noController();
  return { controller, unit: at.unit };
}

/** Throws what cannot be built, before anything is. */
export function checkParts({ devices }: Domain): void {
  for (const controller of devices.controllers) {
    if (controller.type !== "scsi" || controller.model === undefined || controller.model === "auto") continue;
    throw unsupported(`Unsupported SCSI controller model '${controller.model}'`, "leave the model out");
  }
  for (const { target, device, source } of devices.disks) {
    if (!["ide", "scsi", "fdc"].includes(target.bus ?? "") || device === "lun") {
      throw unsupported(`Unsupported controller type '${target.bus}'`, "write bus='ide', bus='scsi' or bus='fdc'");
    }
    if (source.type !== "file" && source.type !== "block")
      throw unsupported("Unsupported disk type", "write type='file'");
  }
  for (const { source } of devices.serials) {
    if (source.type !== "pipe") throw unsupported(`Unsupported serial type '${source.type}'`, "write type='pipe'");
  }
  for (const { source } of devices.interfaces) {
    if (source.type === "bridge" || source.type === "network") continue;
    throw unsupported(`Unsupported interface type '${source.type}'`, "write type='bridge'");
  }
}

function noController(): VirtError {
  return unsupported("Could not find controller for disk!", "the machine has no such controller");
}

export function unsupported(detail: string, hint: string): VirtError {
  return hypervError("CONFIG_UNSUPPORTED", detail, hint);
}
