import { NODE_DEVICE_EVENT } from "@polyvisor/core";
import type { NodeDevice, NodeDeviceCapability, ScsiHostCapability } from "@polyvisor/sdk/conf/node-device";
import type { ObjectEventHub } from "@polyvisor/sdk/events";
import { testError } from "./errors.js";

/** The two names of a virtual port in a Fibre Channel network. */
export interface PortNames {
  readonly wwnn: string;
  readonly wwpn: string;
}

/** The only virtual port that can be made, and the one that it looks like. */
const NEW_PORT = "scsi_host12";
const MODEL_PORT = "scsi_host11";

/** The host's devices by name. */
export class TestNodeDevices {
  readonly #byName: Map<string, NodeDevice>;
  readonly #events: ObjectEventHub;

  constructor(events: ObjectEventHub, devices: readonly NodeDevice[]) {
    this.#events = events;
    this.#byName = new Map(devices.map((device) => [device.name, device]));
  }

  [Symbol.iterator](): IterableIterator<NodeDevice> {
    return this.#byName.values();
  }

  byName(name: string): NodeDevice | undefined {
    return this.#byName.get(name);
  }

  find(name: string): NodeDevice {
    const device = this.#byName.get(name);
    if (device !== undefined) return device;
    const hint = "`nodedev-list` shows the devices that are here";
    throw testError("NO_NODE_DEVICE", `no node device with matching name '${name}'`, hint);
  }

  /** A virtual port appears on the host: called when one is made, and when a pool starts that needs one. */
  addPort({ wwnn, wwpn }: PortNames): NodeDevice {
    const model = this.find(MODEL_PORT);
    const capabilities = model.capabilities.map((capability): NodeDeviceCapability => {
      if (capability.type !== "scsi_host" || capability.fcHost === undefined) return capability;
      return { ...capability, fcHost: { ...capability.fcHost, wwnn, wwpn } };
    });
    const port = { ...model, name: NEW_PORT, capabilities };
    this.#byName.set(port.name, port);
    this.#tell(port.name, NODE_DEVICE_EVENT.CREATED);
    return port;
  }

  removePort(): void {
    this.remove(NEW_PORT);
  }

  remove(name: string): void {
    this.#byName.delete(this.find(name).name);
    this.#tell(name, NODE_DEVICE_EVENT.DELETED);
  }

  #tell(name: string, event: number): void {
    this.#events.emit({ kind: "nodeDeviceLifecycle", object: { name }, event, detail: 0 });
  }
}

/** The capability by which a device is a port of a Fibre Channel network. */
export function fcHostOf(device: NodeDevice): ScsiHostCapability["fcHost"] {
  return scsiHosts(device).find(({ fcHost }) => fcHost !== undefined)?.fcHost;
}

/** Whether virtual ports can be made on a device. */
export function makesPorts(device: NodeDevice): boolean {
  return scsiHosts(device).some(({ vportOps }) => vportOps !== undefined);
}

function scsiHosts({ capabilities }: NodeDevice): readonly ScsiHostCapability[] {
  return capabilities.filter((capability) => capability.type === "scsi_host");
}
