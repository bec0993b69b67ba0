import { claimDevicePort, releaseDevicePort } from "@polyvisor/sdk/network-ports";
import { labelDevice, releaseDeviceLeases, takeDeviceLeases, unlabelDevice } from "../services/index.js";
import type { DeviceStep } from "./steps.js";

/** A port of a network: what it answers is what the card is connected to. */
const ports: DeviceStep = {
  name: "network port",
  give: ({ hypervisor, guest }, device) => claimDevicePort(hypervisor.services, guest.config, device),
  takeBack: ({ hypervisor }, device) => releaseDevicePort(hypervisor.services, device),
};

const leases: DeviceStep = {
  name: "leases",
  async give({ hypervisor, domain, guest }, device) {
    await takeDeviceLeases(hypervisor, domain, guest, device);
    return device;
  },
  takeBack: ({ hypervisor, domain, guest }, device) => releaseDeviceLeases(hypervisor, domain, guest, device),
};

const labels: DeviceStep = {
  name: "labels",
  async give({ hypervisor, domain, guest }, device) {
    await labelDevice(hypervisor, domain, guest, device);
    return device;
  },
  takeBack: ({ hypervisor, domain, guest }, device) => unlabelDevice(hypervisor, domain, guest, device),
};

/** The device's node in the guest's own /dev, which has the owner and label of the host's, and leave to open it. */
const confinement: DeviceStep = {
  name: "confinement",
  async give({ hypervisor, guest }, device) {
    await hypervisor.confinement.giveDevice(guest, device);
    return device;
  },
  takeBack: ({ hypervisor, guest }, device) => hypervisor.confinement.takeDevice(guest, device),
};

/** What is done before a device is given to a guest, in this order, and undone in reverse after it is gone. */
export const DEVICE_STEPS: readonly DeviceStep[] = [ports, leases, labels, confinement];
