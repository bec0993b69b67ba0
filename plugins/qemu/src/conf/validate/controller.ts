import type { Controller, ScsiController } from "@polyvisor/sdk/conf";
import { has, type QemuFlag } from "../../capabilities/index.js";
import { hasBuiltinIde, hasBuiltinScsi, isQ35 } from "../machine.js";
import type { Checked } from "./context.js";
import { checkPciController } from "./pci-controller.js";
import { internal, refuse } from "./refuse.js";

export function checkController(controller: Controller, checked: Checked): void {
  const { caps, domain } = checked;
  if (controller.type === "scsi") checkScsiModel(controller, checked);
  checkDriver(controller);
  switch (controller.type) {
    case "ide":
      checkIde(controller.index, checked);
      break;
    case "scsi":
      checkScsi(controller, checked);
      break;
    case "pci":
      checkPciController(controller, checked);
      break;
    case "sata":
      if (!(controller.index === 0 && isQ35(domain)) && !has(caps, "ich9-ahci"))
        throw refuse("SATA is not supported with this QEMU binary");
      break;
    default:
      break;
  }
}

const SCSI_MODELS: Partial<Record<NonNullable<ScsiController["model"]>, readonly [QemuFlag, string]>> = {
  lsilogic: ["lsi", "the LSI 53C895A SCSI controller"],
  "virtio-scsi": ["virtio-scsi-pci", "virtio scsi controller"],
  "virtio-transitional": ["virtio-scsi-pci", "virtio scsi controller"],
  "virtio-non-transitional": ["virtio-scsi-pci", "virtio scsi controller"],
  lsisas1068: ["mptsas1068", "the LSI SAS1068 (MPT Fusion) controller"],
  lsisas1078: ["megasas", "the LSI SAS1078 (MegaRAID) controller"],
  vmpvscsi: ["pvscsi", "the pvscsi (VMware paravirtual SCSI) controller"],
  ncr53c90: ["ncr53c90", "the NCR53C90 (ESP) controller"],
  dc390: ["dc390", "the DC390 (ESP) controller"],
  am53c974: ["am53c974", "the AM53C974 (ESP) controller"],
};

function checkScsiModel({ model }: ScsiController, { caps }: Checked): void {
  if (model === "auto" || model === "buslogic") throw refuse(`Unsupported controller model: ${model}`);
  if (model === undefined) throw internal("Unexpected SCSI controller model -1");
  const needs = SCSI_MODELS[model];
  if (needs === undefined) return;
  const [flag, name] = needs;
  if (!has(caps, flag)) throw refuse(`This QEMU doesn't support ${name}`);
}

function isVirtioScsi(controller: Controller): boolean {
  return controller.type === "scsi" && controller.model?.startsWith("virtio") === true;
}

function checkDriver(controller: Controller): void {
  const { driver } = controller;
  if (driver === undefined || isVirtioScsi(controller)) return;
  const only = (name: string, value: unknown, words = "by") => {
    if (value) throw refuse(`'${name}' is only supported ${words} virtio-scsi controller`);
  };
  only("queues", driver.queues);
  only("cmd_per_lun", driver.cmdPerLun);
  only("max_sectors", driver.maxSectors);
  only("ioeventfd", driver.ioeventfd);
  only("iothread", driver.iothread, "for");
}

/** QEMU has no IDE adapter that a board does not bring along. */
function checkIde(index: number, { domain }: Checked): void {
  const builtin = hasBuiltinIde(domain);
  if (index === 0 && builtin) return;
  if (builtin) throw refuse("Only a single IDE controller is supported for this machine type");
  throw refuse(
    "IDE controllers are unsupported for this QEMU binary or machine type",
    "put the disks on bus='sata', or on bus='virtio'",
  );
}

function checkScsi(controller: ScsiController, { domain }: Checked): void {
  const thread = controller.driver?.iothread;
  if (isVirtioScsi(controller) && thread) {
    const type = controller.address?.type;
    if (type !== undefined && type !== "pci" && type !== "ccw")
      throw refuse("virtio-scsi IOThreads only available for virtio pci and virtio ccw controllers");
    if (!domain.iothreads.some(({ id }) => id === thread))
      throw refuse(`controller iothread '${thread}' not defined in iothreadid`);
  }
  if (controller.model !== "ncr53c90") return;
  if (controller.index !== 0) throw refuse("ncr53c90 can only be used as first SCSI controller");
  if (!hasBuiltinScsi(domain)) throw refuse("ncr53c90 SCSI controller is not a built-in for this machine");
}
