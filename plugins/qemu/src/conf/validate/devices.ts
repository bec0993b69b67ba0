import type { Device, DeviceKind, DeviceOf } from "@polyvisor/sdk/conf/domain";
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

/** What this emulator cannot do with a device. */
export function validateDevice(device: Device, checked: CheckedOnHost): void {
  if (device.kind !== "graphics" && device.kind !== "lease" && device.kind !== "audio") checkPlace(device, checked);
  // The table's key is the device's kind, which the types cannot follow.
  const check = CHECKS[device.kind] as ((device: Device, checked: CheckedOnHost) => void) | undefined;
  check?.(device, checked);
}

type Checks = { readonly [K in DeviceKind]?: (device: DeviceOf<K>, checked: CheckedOnHost) => void };

const CHECKS: Checks = {
  disk: (device, { domain, caps }) => validateDisk(device, domain, caps),
  interface: (device, { caps }) => validateInterface(device, caps),
  controller: checkController,
  serial: checkChardev,
  parallel: checkChardev,
  console: checkChardev,
  channel: checkChardev,
  smartcard: checkSmartcard,
  rng: checkRng,
  redirdev: checkRedirdev,
  watchdog: checkWatchdog,
  hostdev: checkHostdev,
  video: checkVideo,
  graphics: checkGraphics,
  filesystem: checkFilesystem,
  audio: checkAudio,
  sound: checkSound,
  tpm: checkTpm,
  input: checkInput,
  memballoon: checkMemballoon,
  iommu: checkIommu,
  nvram: checkNvram,
  memory: checkMemory,
  shmem: checkShmem,
  hub(_, { caps }) {
    if (!has(caps, "usb-hub")) throw refuse("usb-hub not supported by QEMU binary");
  },
  vsock(_, { caps }) {
    if (!has(caps, "vhost-vsock")) throw refuse("vsock device is not supported with this QEMU binary");
  },
};
