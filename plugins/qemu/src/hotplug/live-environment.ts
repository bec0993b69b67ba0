import { type Device, type Disk, withDevices } from "@polyvisor/sdk/conf/domain";
import { isEmptySource } from "../command-line/disks.js";
import type { Runtime } from "../command-line/index.js";
import { THIS_HOST } from "../conf/index.js";
import { qemuError } from "../errors.js";
import type { Hypervisor } from "../hypervisor.js";
import { openChannelSockets } from "../start/channel-sockets.js";
import { withImageChains } from "../start/images.js";
import { InheritedDescriptors } from "../start/inherited.js";
import { withChannelSockets } from "../start/live-config.js";
import { findMemoryPaths, makeMemoryFolders } from "../start/memory-folders.js";
import { openTaps } from "../start/network.js";
import { DEVICE_STEPS } from "./device-steps.js";
import type { Environment, OpenedDevice } from "./environment.js";
import { onThisHost } from "./host-devices.js";
import { type DevicePlace, stepList } from "./steps.js";

/** Milliseconds that a guest may take to let go of a device before its client is told that it may take longer. */
const UNPLUG_WAIT = 5_000;
const UNPLUG_WAIT_PPC64 = 10_000;
const TRAY_WAIT = 5_000;

/** What plugging works on in a guest that runs here. */
export function liveEnvironment(place: DevicePlace): Environment {
  const { hypervisor, domain, guest } = place;
  if (guest.caps === undefined) throw qemuError("INTERNAL_ERROR", "the emulator's capabilities are not known");
  const warn = (error: unknown, words: string) => hypervisor.log.warn({ err: error, domain: domain.name }, words);
  const event = (kind: "deviceAdded" | "deviceRemoved" | "deviceRemovalFailed") => (devAlias: string) =>
    hypervisor.emit({ kind, dom: domain.ref, devAlias });
  return {
    guest,
    caps: guest.caps,
    host: THIS_HOST,
    steps: stepList(DEVICE_STEPS, place, (step, error) => warn(error, `${step} of a device cannot be given back`)),
    unplugWait: guest.config.os.arch?.startsWith("ppc64") === true ? UNPLUG_WAIT_PPC64 : UNPLUG_WAIT,
    trayWait: TRAY_WAIT,
    onHost: onThisHost,
    withChain: (disk) => withChain(place, disk),
    open: (device) => open(place, device),
    runtime: (opened) => runtimeOf(hypervisor, place, opened),
    save: () => hypervisor.statusWriter(domain, guest).save(),
    added: event("deviceAdded"),
    removed: event("deviceRemoved"),
    removalFailed: event("deviceRemovalFailed"),
    warn,
  };
}

async function withChain({ hypervisor, domain, guest }: DevicePlace, disk: Disk): Promise<Disk> {
  if (isEmptySource(disk.source)) return disk;
  const groupOf = (name: string) => hypervisor.fileGroups.find(domain, name);
  const config = await withImageChains(withDevices(guest.config, { disks: [disk] }), groupOf);
  return config.devices.disks[0] ?? disk;
}

/** Descriptors that the emulator gets over its monitor: it knows them by names, so their numbers here stay. */
class PassedDescriptors extends InheritedDescriptors {
  override add(fd: number): number {
    super.add(fd);
    return fd;
  }
}

async function open({ hypervisor, guest }: DevicePlace, device: Device): Promise<OpenedDevice> {
  const passed = new PassedDescriptors();
  const close = () => passed.close();
  try {
    if (device.kind === "interface") {
      const { config, taps } = await openTaps(withDevices(guest.config, { interfaces: [device] }), passed);
      return { device: config.devices.interfaces[0] ?? device, taps, close };
    }
    if (device.kind === "channel") {
      const alone = withChannelSockets(withDevices(guest.config, { channels: [device] }), guest.channelFolder);
      const chardevFds = await openChannelSockets(alone, guest.channelFolder, passed);
      return { device: alone.devices.channels[0] ?? device, chardevFds, close };
    }
    if (device.kind === "memory") {
      const paths = await findMemoryPaths(hypervisor.layout, guest.id, guest.config.name);
      const { memories } = guest.config.devices;
      await makeMemoryFolders(withDevices(guest.config, { memories: [...memories, device] }), paths);
    }
    return { device, close };
  } catch (error) {
    close();
    throw error;
  }
}

async function runtimeOf(hypervisor: Hypervisor, { guest }: DevicePlace, opened?: OpenedDevice): Promise<Runtime> {
  return {
    libDir: guest.folder,
    privileged: hypervisor.info.mode === "system",
    environment: {},
    monitor: { path: guest.monitorPath },
    memory: await findMemoryPaths(hypervisor.layout, guest.id, guest.config.name),
    now: Math.floor(Date.now() / 1000),
    taps: opened?.taps,
    chardevFds: opened?.chardevFds,
    vhostFds: opened?.vhostFds,
    fdGroups: opened?.fdGroups,
    helperSockets: opened?.helperSockets,
  };
}
