import { type Device, type DeviceOf, type Disk, insertDevice, withDevices } from "@polyvisor/sdk/conf/domain";
import { isEmptySource } from "../command-line/disks.js";
import type { Runtime } from "../command-line/index.js";
import { THIS_HOST } from "../conf/index.js";
import { qemuError } from "../errors.js";
import type { Hypervisor } from "../hypervisor.js";
import { filesOfDevice, openChardevFiles } from "../log/index.js";
import { guestUser, socketLabels } from "../services/index.js";
import { openChannelSockets } from "../start/channel-sockets.js";
import { withImageChains } from "../start/images.js";
import { InheritedDescriptors } from "../start/inherited.js";
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
  const warn = (error: unknown, words: string) => hypervisor.log.warn({ err: error, domain: domain.name }, words);
  const event = (kind: "deviceAdded" | "deviceRemoved" | "deviceRemovalFailed") => (devAlias: string) =>
    hypervisor.emit({ kind, dom: domain.ref, devAlias });
  return {
    guest,
    get caps() {
      if (guest.caps !== undefined) return guest.caps;
      throw qemuError("INTERNAL_ERROR", "the emulator's capabilities are not known");
    },
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
  const user = () => guestUser(hypervisor, domain, guest);
  const config = await withImageChains(withDevices(guest.config, { disks: [disk] }), groupOf, user);
  return config.devices.disks[0] ?? disk;
}

/** Descriptors that the emulator gets over its monitor: it knows them by names, so their numbers here stay. */
class PassedDescriptors extends InheritedDescriptors {
  override add(fd: number): number {
    super.add(fd);
    return fd;
  }
}

async function open(place: DevicePlace, device: Device): Promise<OpenedDevice> {
  const { hypervisor, guest } = place;
  const passed = new PassedDescriptors();
  const close = () => passed.close();
  try {
    if (device.kind === "interface") {
      const { config, taps } = await openTaps(withDevices(guest.config, { interfaces: [device] }), passed);
      return { device: config.devices.interfaces[0] ?? device, taps, close };
    }
    if (hasChardev(device)) return { device, ...(await openChardev(place, device, passed)), close };
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

type Ported = DeviceOf<"serial" | "parallel" | "channel" | "console" | "redirdev" | "rng">;

function hasChardev(device: Device): device is Ported {
  return PORTED.has(device.kind);
}

const PORTED: ReadonlySet<Device["kind"]> = new Set([
  "serial",
  "parallel",
  "channel",
  "console",
  "redirdev",
  "rng",
] satisfies Ported["kind"][]);

/** The socket on which it listens, and the files that the host's log manager keeps for it. */
async function openChardev(
  { hypervisor, domain, guest }: DevicePlace,
  device: Ported,
  passed: InheritedDescriptors,
): Promise<Pick<OpenedDevice, "chardevFds" | "chardevLogFds">> {
  const none = {
    serials: [],
    parallels: [],
    channels: [],
    consoles: [],
    redirdevs: [],
    rngs: [],
    smartcards: [],
    tpms: [],
  };
  const alone = insertDevice(withDevices(guest.config, none), device);
  const { listening } = await socketLabels(hypervisor, domain, guest);
  const sockets = await openChannelSockets(alone, guest.channelFolder, passed, listening);
  const isOther = async () => (await guestUser(hypervisor, domain, guest)) !== undefined;
  const files = await openChardevFiles(hypervisor, domain, filesOfDevice(device), isOther);
  const numbers = files.map(({ alias, part, descriptor }) => ({ alias, part, fd: passed.add(descriptor.take()) }));
  const of = (wanted: "source" | "log") =>
    numbers.flatMap(({ alias, part, fd }) => (part === wanted ? [[alias, fd] as const] : []));
  return { chardevFds: new Map([...sockets, ...of("source")]), chardevLogFds: new Map(of("log")) };
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
    chardevLogFds: opened?.chardevLogFds,
    vhostFds: opened?.vhostFds,
    fdGroups: opened?.fdGroups,
    helperSockets: opened?.helperSockets,
  };
}
