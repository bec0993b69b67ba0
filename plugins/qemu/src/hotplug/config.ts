import {
  allDevices,
  type Device,
  type DeviceOf,
  type Domain,
  findDevice,
  insertDevice,
  removeDevice,
  replaceDevice,
  samePlace,
} from "@polyvisor/sdk/conf/domain";
import { checkFits } from "../conf/index.js";
import { qemuError } from "../errors.js";
import { checkScsiPlace, kindWord, unsupported } from "./attachable.js";

/** A definition with one more device. The definition's other devices and its places are not yet looked at. */
export function attachConfig(definition: Domain, device: Device): Domain {
  checkFits(definition, device, { live: false });
  const check = ATTACH[device.kind] as ((device: Device, domain: Domain) => void) | undefined;
  if (check === undefined) throw unsupportedChange("attach", device);
  check(device, definition);
  const larger = insertDevice(definition, device);
  if (device.kind !== "memory") return larger;
  return { ...larger, currentMemory: definition.currentMemory + device.target.size };
}

type Checks = { readonly [K in Device["kind"]]?: (device: DeviceOf<K>, domain: Domain) => void };

const invalid = (detail: string) => qemuError("OPERATION_INVALID", detail);
const refuseIf = (condition: boolean, detail: string) => {
  if (condition) throw invalid(detail);
};
const present = (device: Device, domain: Domain) =>
  refuseIf(findDevice(domain, device) !== undefined, "device is already in the domain configuration");
const anything = () => {};

const ATTACH: Checks = {
  disk(disk, { devices }) {
    const { dev, bus } = disk.target;
    refuseIf(
      devices.disks.some(({ target }) => target.dev === dev),
      `target ${dev} already exists`,
    );
    if (bus === "scsi") checkScsiPlace(disk, devices);
  },
  interface: anything,
  sound: anything,
  hostdev: present,
  lease(lease, domain) {
    const words = `Lease ${lease.key} in lockspace ${lease.lockspace ?? "<null>"} already exists`;
    refuseIf(findDevice(domain, lease) !== undefined, words);
  },
  controller(controller, domain) {
    const there = controller.index !== -1 && findDevice(domain, controller) !== undefined;
    refuseIf(there, `controller index='${controller.index}' already exists`);
  },
  serial: checkChardev,
  parallel: checkChardev,
  console(console, domain) {
    if (console.target.type === "serial") throw unsupported("attaching serial console is not supported");
    checkChardev(console, domain);
  },
  channel: checkChardev,
  filesystem({ target }, { devices }) {
    refuseIf(
      devices.filesystems.some((each) => each.target === target),
      "Target already exists",
    );
  },
  rng({ address }, domain) {
    const isTaken = allDevices(domain).some(
      (each) => each.kind !== "graphics" && "address" in each && samePlace(each.address, address),
    );
    if (address !== undefined && isTaken)
      throw qemuError("CONFIG_UNSUPPORTED", "a device with the same address already exists ");
  },
  memory({ address }, { devices, maxMemory }) {
    if (devices.memories.length === (maxMemory?.slots ?? 0))
      throw qemuError("CONFIG_UNSUPPORTED", "no free memory device slot available");
    refuseIf(
      address !== undefined && devices.memories.some((each) => samePlace(each.address, address)),
      "Domain already contains a device with the same address",
    );
  },
  redirdev: anything,
  shmem: present,
  watchdog: (_, { devices }) => refuseIf(devices.watchdog !== undefined, "domain already has a watchdog"),
  input: anything,
  vsock: (_, { devices }) => refuseIf(devices.vsock !== undefined, "domain already has a vsock device"),
};

function checkChardev(device: DeviceOf<"serial" | "parallel" | "console" | "channel">, domain: Domain): void {
  refuseIf(findDevice(domain, device) !== undefined, "chardev already exists");
}

function unsupportedChange(change: "attach" | "detach" | "update", device: Device): Error {
  return qemuError("OPERATION_UNSUPPORTED", `persistent ${change} of device '${kindWord(device)}' is not supported`, {
    hint: "change the definition as a whole (virsh edit)",
  });
}

/** A definition without a device that a client describes. */
export function detachConfig(definition: Domain, wanted: Device): Domain {
  if (!DETACHABLE.has(wanted.kind)) throw unsupportedChange("detach", wanted);
  if (wanted.kind === "console" && wanted.target.type === "serial")
    throw invalid("detaching serial console is not supported");
  const device = wanted.kind === "memory" ? findMemory(definition, wanted) : findDevice(definition, wanted);
  if (device === undefined) throw missing(wanted);
  const smaller = removeDevice(definition, device);
  if (device.kind !== "memory") return smaller;
  return { ...smaller, currentMemory: Math.max(0, definition.currentMemory - device.target.size) };
}

/** A definition's memory may have no place yet. */
function findMemory(definition: Domain, wanted: DeviceOf<"memory">): Device | undefined {
  const found = findDevice(definition, wanted);
  if (found !== undefined) return found;
  const { address: _, ...anywhere } = wanted;
  const other = findDevice(definition, anywhere);
  return other?.kind === "memory" && other.address === undefined ? other : undefined;
}

const DETACHABLE: ReadonlySet<Device["kind"]> = new Set([
  "disk",
  "interface",
  "sound",
  "hostdev",
  "lease",
  "controller",
  "serial",
  "parallel",
  "console",
  "channel",
  "filesystem",
  "rng",
  "memory",
  "redirdev",
  "shmem",
  "watchdog",
  "input",
  "vsock",
]);

function missing(wanted: Device): Error {
  const gone = (detail: string) => qemuError("DEVICE_MISSING", detail);
  switch (wanted.kind) {
    case "disk":
      return gone(`no target device ${wanted.target.dev}`);
    case "lease":
      return gone(`Lease ${wanted.key} in lockspace ${wanted.lockspace ?? "<null>"} does not exist`);
    case "serial":
    case "parallel":
    case "console":
    case "channel":
      return qemuError("INVALID_ARG", "device not present in domain configuration");
    case "filesystem":
      return gone("no matching filesystem device was found");
    case "rng":
      return gone("no matching RNG device was found");
    case "memory":
      return gone("matching memory device was not found");
    case "redirdev":
      return gone("no matching redirdev was not found");
    case "shmem":
      return gone("matching shmem device was not found");
    case "watchdog":
      return gone("domain has no watchdog");
    case "input":
      return gone("matching input device not found");
    case "vsock":
      return qemuError("OPERATION_FAILED", "matching vsock device not found");
    default:
      return gone("device not present in domain configuration");
  }
}

/** A definition in which a device is replaced by the one that a client describes. */
export function updateConfig(definition: Domain, wanted: Device): Domain {
  switch (wanted.kind) {
    case "disk":
      return replaced(definition, wanted, `target ${wanted.target.dev} doesn't exist.`);
    case "graphics":
      return replaced(definition, wanted, `cannot find existing graphics type '${wanted.type}' device to modify`);
    case "interface":
      return replaced(definition, wanted, "no matching interface");
    case "memory": {
      const old = definition.devices.memories.find(
        ({ address }) => wanted.address !== undefined && samePlace(address, wanted.address),
      );
      if (old === undefined) throw qemuError("INVALID_ARG", "memory not found");
      checkFits(definition, wanted, { old, live: false });
      return replaceDevice(definition, old, wanted);
    }
    default:
      throw unsupportedChange("update", wanted);
  }
}

function replaced(definition: Domain, wanted: Device, words: string): Domain {
  const old = findDevice(definition, wanted);
  if (old === undefined) throw qemuError("INVALID_ARG", words);
  checkFits(definition, wanted, { old, live: false });
  return replaceDevice(definition, old, wanted);
}
