import { allDevices, type Device } from "@polyvisor/sdk/conf";
import { has } from "../../capabilities/index.js";
import { checkPlace } from "./address.js";
import { checkChardev } from "./chardev.js";
import type { CheckedOnHost } from "./context.js";
import { checkController } from "./controller.js";
import { validateDisk } from "./disk.js";
import { checkAudio, checkGraphics, checkSound, checkVideo } from "./display.js";
import { checkFilesystem } from "./filesystem.js";
import { checkHostdev } from "./hostdev.js";
import { checkInput } from "./input.js";
import { validateInterface } from "./interface.js";
import { refuse } from "./refuse.js";
import {
  checkIommu,
  checkMemballoon,
  checkMemory,
  checkNvram,
  checkRedirdev,
  checkRng,
  checkShmem,
  checkSmartcard,
  checkWatchdog,
} from "./small-devices.js";
import { checkTpm } from "./tpm.js";

/** Every device, in libvirt's order: the first error is the one that is told. */
export function validateDevices(checked: CheckedOnHost): void {
  for (const device of allDevices(checked.domain)) {
    if ("address" in device || "alias" in device) checkPlaced(device, checked);
    checkDevice(device, checked);
  }
}

function checkPlaced(device: Device, checked: CheckedOnHost): void {
  if (device.kind === "graphics" || device.kind === "lease" || device.kind === "audio") return;
  checkPlace(device, checked);
}

function checkDevice(device: Device, checked: CheckedOnHost): void {
  const { domain, caps } = checked;
  switch (device.kind) {
    case "disk":
      return validateDisk(device, domain, caps);
    case "interface":
      return validateInterface(device, caps);
    case "controller":
      return checkController(device, checked);
    case "serial":
    case "parallel":
    case "console":
    case "channel":
      return checkChardev(device, checked);
    case "smartcard":
      return checkSmartcard(device, checked);
    case "rng":
      return checkRng(device, checked);
    case "redirdev":
      return checkRedirdev(device, checked);
    case "watchdog":
      return checkWatchdog(device, checked);
    case "hostdev":
      return checkHostdev(device, checked);
    case "video":
      return checkVideo(device, checked);
    case "graphics":
      return checkGraphics(device, checked);
    case "filesystem":
      return checkFilesystem(device, checked);
    case "audio":
      return checkAudio(device, checked);
    case "sound":
      return checkSound(device, checked);
    case "tpm":
      return checkTpm(device, checked);
    case "input":
      return checkInput(device, checked);
    case "memballoon":
      return checkMemballoon(device, checked);
    case "iommu":
      return checkIommu(device, checked);
    case "nvram":
      return checkNvram(device, checked);
    case "memory":
      return checkMemory(device, checked);
    case "shmem":
      return checkShmem(device, checked);
    case "hub":
      if (!has(caps, "usb-hub")) throw refuse("usb-hub not supported by QEMU binary");
      return;
    case "vsock":
      if (!has(caps, "vhost-vsock")) throw refuse("vsock device is not supported with this QEMU binary");
      return;
    case "lease":
    case "panic":
      return;
  }
}
