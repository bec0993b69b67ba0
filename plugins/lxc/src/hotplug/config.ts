import { VirtError } from "@polyvisor/core";
import {
  type Domain as Config,
  type Device,
  findDevice,
  insertDevice,
  removeDevice,
  replaceDevice,
} from "@polyvisor/sdk/conf/domain";
import { unsupported } from "./nodes.js";

const KINDS: ReadonlySet<Device["kind"]> = new Set(["disk", "interface", "hostdev"]);
const KNOWN = "disks, interfaces and devices of the host can be";

/** A definition with one more device. */
export function attachConfig(definition: Config, device: Device): Config {
  if (!KINDS.has(device.kind)) throw unsupported("persistent attach of device is not supported", `${KNOWN} attached`);
  if (device.kind === "disk" && findDevice(definition, device) !== undefined)
    throw invalid(`target ${device.target.dev} already exists.`, "choose another target");
  if (device.kind === "hostdev" && findDevice(definition, device) !== undefined)
    throw invalid("device is already in the domain configuration", "nothing is left to do");
  return insertDevice(definition, device);
}

/** A definition without a device that is like `wanted`. */
export function detachConfig(definition: Config, wanted: Device): Config {
  if (!KINDS.has(wanted.kind)) throw unsupported("persistent detach of device is not supported", `${KNOWN} detached`);
  return removeDevice(definition, presentDevice(definition, wanted));
}

/** A definition with an interface in the place of the one with the same address. */
export function updateConfig(definition: Config, device: Device): Config {
  if (device.kind !== "interface")
    throw unsupported("persistent update of device is not supported", "only interfaces can be updated");
  return replaceDevice(definition, presentDevice(definition, device), device);
}

/** The device that a client describes. Fails in libvirt's words where it is not there. */
function presentDevice(config: Config, wanted: Device): Device {
  const found = findDevice(config, wanted);
  if (found !== undefined) return found;
  const detail =
    wanted.kind === "disk" ? `no target device ${wanted.target.dev}` : "device not present in domain configuration";
  throw invalid(detail, "see the domain's document");
}

function invalid(detail: string, hint: string): VirtError {
  return new VirtError("INVALID_ARG", detail, { domain: "LXC", hint });
}
