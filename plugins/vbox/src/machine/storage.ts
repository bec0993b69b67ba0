import { VirtError } from "@polyvisor/core";
import type { Controller, Disk, DiskBus, Domain } from "@polyvisor/sdk/conf/domain";
import type { MachineInfo } from "./info.js";

/** What libvirt calls the controllers that it makes; a machine has one of each at most. */
const CONTROLLERS = {
  ide: { name: "IDE Controller", add: "ide" },
  sata: { name: "SATA Controller", add: "sata" },
  scsi: { name: "SCSI Controller", add: "scsi" },
  sas: { name: "SAS Controller", add: "sas" },
  fdc: { name: "Floppy Controller", add: "floppy" },
} as const;
type Kind = keyof typeof CONTROLLERS;

/** VirtualBox's types of controllers. */
const TYPES: Readonly<Record<string, { readonly kind: Kind; readonly model?: string }>> = {
  PIIX3: { kind: "ide", model: "piix3" },
  PIIX4: { kind: "ide", model: "piix4" },
  ICH6: { kind: "ide", model: "ich6" },
  BusLogic: { kind: "scsi", model: "buslogic" },
  LsiLogic: { kind: "scsi", model: "lsilogic" },
  LsiLogicSas: { kind: "sas", model: "lsisas1068" },
  IntelAhci: { kind: "sata" },
  I82078: { kind: "fdc" },
};

/** A controller of a machine. */
interface Present {
  readonly name: string;
  readonly kind: Kind;
  readonly model: string | undefined;
}

/** Media by UUID: the kind of drive that each belongs in, and whether a guest may write it. */
export interface Media {
  readonly dvds: ReadonlySet<string>;
  readonly floppies: ReadonlySet<string>;
  readonly readOnly: ReadonlySet<string>;
}

/** The controllers that libvirt has a name for; others (USB, virtio, NVMe) are left out with their disks. */
function presentControllers(info: MachineInfo): Present[] {
  return [...info.numbered("storagecontrollername", 0)].flatMap(({ number, value }) => {
    const type = TYPES[info.text(`storagecontrollertype${number}`) ?? ""];
    return type === undefined ? [] : [{ name: value, kind: type.kind, model: type.model }];
  });
}

const typeOf = ({ kind }: Present): "ide" | "sata" | "scsi" | "fdc" => (kind === "sas" ? "scsi" : kind);

export function readControllers(info: MachineInfo): Controller[] {
  const next = new Map<string, number>();
  return presentControllers(info).map((present) => {
    const type = typeOf(present);
    const index = next.get(type) ?? 0;
    next.set(type, index + 1);
    return { kind: "controller", type, index, ...(present.model && { model: present.model }) } as Controller;
  });
}

/** The drives and disks of a machine, controller by controller. */
export function readDisks(info: MachineInfo, media: Media): Disk[] {
  const scsi = presentControllers(info).filter((each) => typeOf(each) === "scsi");
  let serials = 0;
  return presentControllers(info).flatMap((controller) => {
    const places = [...info.matching(placesOf(controller.name))].filter(({ value }) => value !== "none");
    return places
      .map(({ match, value }) => ({ port: Number(match[1]), slot: Number(match[2]), medium: value }))
      .sort((a, b) => a.port - b.port || a.slot - b.slot)
      .map(({ port, slot, medium }): Disk => {
        const uuid = info.text(`${controller.name}-ImageUUID-${port}-${slot}`)?.toLowerCase() ?? "";
        const isCounted = controller.kind !== "ide" && controller.kind !== "fdc";
        const isEmpty = medium === "emptydrive";
        return {
          kind: "disk",
          device: deviceIn(controller, uuid, { isEmpty, media }),
          source: isEmpty ? { type: "file" } : { type: "file", path: medium },
          target: {
            dev: nameOf(controller.kind, { port, slot, serial: isCounted ? serials++ : 0 }),
            bus: typeOf(controller) as DiskBus,
          },
          ...((media.readOnly.has(uuid) || media.dvds.has(uuid)) && { readonly: true }),
          address: {
            type: "drive",
            controller: typeOf(controller) === "scsi" ? Math.max(0, scsi.indexOf(controller)) : 0,
            bus: controller.kind === "ide" ? port : 0,
            target: 0,
            unit: controller.kind === "ide" || controller.kind === "fdc" ? slot : port,
          },
        };
      });
  });
}

function placesOf(controller: string): RegExp {
  return new RegExp(`^${controller.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}-(\\d+)-(\\d+)$`);
}

function deviceIn(
  { kind }: Present,
  uuid: string,
  { isEmpty, media }: { readonly isEmpty: boolean; readonly media: Media },
): Disk["device"] {
  if (kind === "fdc" || media.floppies.has(uuid)) return "floppy";
  return isEmpty || media.dvds.has(uuid) ? "cdrom" : "disk";
}

function nameOf(kind: Kind, at: { readonly port: number; readonly slot: number; readonly serial: number }): string {
  if (kind === "ide") return `hd${letters(at.port * 2 + at.slot)}`;
  if (kind === "fdc") return `fd${letters(at.slot)}`;
  return `sd${letters(at.serial)}`;
}

/** 0 is `a`, 25 is `z`, 26 is `aa`. */
function letters(index: number): string {
  const rest = Math.floor(index / 26);
  return (rest === 0 ? "" : letters(rest - 1)) + String.fromCharCode(97 + (index % 26));
}

/** Where on a machine a disk of the configuration is plugged in. */
export interface Place {
  readonly controller: string;
  readonly port: number;
  readonly slot: number;
}

/** Fails with `CONFIG_UNSUPPORTED` for a bus that VirtualBox does not have. */
export function placeOf({ target, address }: Disk, { devices }: Domain): Place {
  const drive = address?.type === "drive" ? address : { controller: 0, bus: 0, unit: 0 };
  if (target.bus === "ide") return { controller: CONTROLLERS.ide.name, port: drive.bus, slot: drive.unit };
  if (target.bus === "fdc") return { controller: CONTROLLERS.fdc.name, port: 0, slot: drive.unit };
  if (target.bus === "sata") return { controller: CONTROLLERS.sata.name, port: drive.unit, slot: 0 };
  if (target.bus === "scsi") {
    const of = devices.controllers.find(({ type, index }) => type === "scsi" && index === drive.controller);
    const kind = of !== undefined && "model" in of && of.model === "lsisas1068" ? "sas" : "scsi";
    return { controller: CONTROLLERS[kind].name, port: drive.unit, slot: 0 };
  }
  throw unsupported(`The vbox driver does not support ${target.bus} bus type`, "use ide, sata, scsi or fdc");
}

/** The words after `storagectl MACHINE` that add a controller. Fails with `CONFIG_UNSUPPORTED` for one that there is not. */
export function controllerWords(controller: Controller): string[] {
  const { type } = controller;
  if (type === "fdc" || type === "sata") return addWords(type);
  if (type === "ide")
    return [...addWords("ide"), ...(controller.model ? ["--controller", upper(controller.model)] : [])];
  if (type !== "scsi")
    throw unsupported(`The vbox driver does not support ${type} controller type`, "use ide, sata, scsi or fdc");
  const model = controller.model ?? "lsilogic";
  if (model === "lsisas1068") return [...addWords("sas"), "--controller", "LSILogicSAS"];
  if (model === "lsilogic" || model === "auto") return [...addWords("scsi"), "--controller", "LSILogic"];
  if (model === "buslogic") return [...addWords("scsi"), "--controller", "BusLogic"];
  throw unsupported(
    `The vbox driver does not support ${model} SCSI controller model`,
    "use lsilogic, buslogic or lsisas1068",
  );
}

const addWords = (kind: Kind): string[] => ["--name", CONTROLLERS[kind].name, "--add", CONTROLLERS[kind].add];
const upper = (model: string): string => model.toUpperCase();

/** The words after `storageattach MACHINE` that plug a disk in. Fails with `CONFIG_UNSUPPORTED` for what there is not. */
export function diskWords(disk: Disk, domain: Domain): string[] {
  if (disk.source.type !== "file")
    throw unsupported(
      `Unsupported storage type ${disk.source.type}, the only supported type is file`,
      "VirtualBox opens images in files",
    );
  const { path } = disk.source;
  if (disk.device === "lun") throw unsupported("The vbox driver does not support lun disk device", "use disk");
  if (disk.device === "disk" && path === undefined)
    throw unsupported("Missing disk source file path", "an image is to be named in <source file='...'/>");
  return [
    ...placeWords(placeOf(disk, domain)),
    ...["--type", { disk: "hdd", cdrom: "dvddrive", floppy: "fdd" }[disk.device]],
    ...["--medium", path ?? "emptydrive"],
    ...(disk.device === "disk" ? ["--mtype", disk.readonly ? "immutable" : "normal"] : []),
  ];
}

/** The words after `storageattach MACHINE` that name a place. */
export function placeWords({ controller, port, slot }: Place): string[] {
  return ["--storagectl", controller, "--port", String(port), "--device", String(slot)];
}

export function unsupported(detail: string, hint: string): VirtError {
  return new VirtError("CONFIG_UNSUPPORTED", detail, { hint });
}
