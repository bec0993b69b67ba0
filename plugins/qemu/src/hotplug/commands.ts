import { type Device, type DeviceOf, type Domain, withDevices } from "@polyvisor/sdk/conf/domain";
import type { QemuCapabilities } from "../capabilities/index.js";
import { managedReservationArgs } from "../command-line/blockdev.js";
import { argsOptionsOf, buildOf } from "../command-line/build.js";
import type { Build } from "../command-line/context.js";
import { oneControllerArgs } from "../command-line/controllers.js";
import { diskArgs } from "../command-line/disks.js";
import { filesystemArgs } from "../command-line/filesystem.js";
import { hostdevArgs } from "../command-line/hostdevs.js";
import { inputArgs } from "../command-line/input.js";
import { memoryDeviceArgs } from "../command-line/memory.js";
import { networkArgs } from "../command-line/network.js";
import type { Runtime } from "../command-line/runtime.js";
import { channelArgs, consoleArgs, parallelArgs, serialArgs } from "../command-line/serial.js";
import { shmemArgs } from "../command-line/shmem.js";
import { rngArgs, vsockArgs, watchdogArgs } from "../command-line/small-devices.js";
import { redirdevArgs } from "../command-line/usb.js";
import { type Command, MonitorArgs } from "./monitor-args.js";

export interface CommandOptions {
  readonly caps: QemuCapabilities;
  readonly runtime: Runtime;
  /** The first number of a set of descriptors that the emulator does not have. */
  readonly fdSet?: number;
}

/**
 * What the monitor is asked for to give a device to a guest: the same as a command line would say of it, so that a device
 * looks the same to the guest whenever it came. `domain` has what the device is plugged into.
 */
export function plugCommands(
  domain: Domain,
  device: Device,
  { caps, runtime, fdSet = 0 }: CommandOptions,
): readonly Command[] {
  const args = new MonitorArgs(caps, argsOptionsOf(domain), fdSet);
  const order = "bootOrder" in device ? device.bootOrder : undefined;
  const indexes = new Map(order === undefined ? [] : [[device, order]]);
  const build = buildOf(domain, caps, runtime, args, indexes);
  (BUILDERS[device.kind] as ((build: Build, device: Device) => void) | undefined)?.(build, device);
  return args.commands;
}

/** What is left of a device that the guest has let go of: it is taken away in the reverse order. */
export function unplugCommands(domain: Domain, device: Device, options: CommandOptions): readonly Command[] {
  // What is forwarded goes with the network of the user that it was forwarded in.
  const isForwarded = device.kind === "channel" && device.target.type === "guestfwd";
  return plugCommands(domain, device, options)
    .filter(({ name }) => !isForwarded || name !== "chardev-add")
    .filter(({ name, undo }) => name !== "device_add" && name !== "getfd" && name !== "add-fd" && undo !== undefined)
    .toReversed();
}

/** Whether the device is one that QEMU knows by its alias, and tells of when it goes. */
export function hasDevice(domain: Domain, device: Device, options: CommandOptions): boolean {
  return plugCommands(domain, device, options).some(({ name }) => name === "device_add");
}

type Builders = { readonly [K in Device["kind"]]?: (build: Build, device: DeviceOf<K>) => void };

/** The options of a kind are built for the whole list of it: here it has the one device. */
const BUILDERS: Builders = {
  disk(build, disk) {
    const alone = only(build, { disks: [disk] });
    if (isFirstManaged(disk, build.domain)) managedReservationArgs(alone);
    diskArgs(alone);
  },
  controller: oneControllerArgs,
  interface(build, nic) {
    networkArgs(only(build, { interfaces: [nic] }));
    hostdevArgs(only(build, { interfaces: [nic], hostdevs: [] }));
  },
  hostdev: (build, hostdev) => hostdevArgs(only(build, { interfaces: [], hostdevs: [hostdev] })),
  serial: (build, serial) => serialArgs(only(build, { serials: [serial] })),
  parallel: (build, parallel) => parallelArgs(only(build, { parallels: [parallel] })),
  channel: (build, channel) => channelArgs(only(build, { channels: [channel] })),
  console: (build, console) => consoleArgs(only(build, { consoles: [console] })),
  redirdev: (build, redirdev) => redirdevArgs(only(build, { redirdevs: [redirdev] })),
  rng: (build, rng) => rngArgs(only(build, { rngs: [rng] })),
  input: (build, input) => inputArgs(only(build, { inputs: [input] })),
  shmem: (build, shmem) => shmemArgs(only(build, { shmems: [shmem] })),
  memory: (build, memory) => memoryDeviceArgs(only(build, { memories: [memory] })),
  watchdog: (build, watchdog) => watchdogArgs(only(build, { watchdog })),
  vsock: (build, vsock) => vsockArgs(only(build, { vsock })),
  filesystem: (build, filesystem) => filesystemArgs(only(build, { filesystems: [filesystem] })),
};

function only(build: Build, part: Parameters<typeof withDevices>[1]): Build {
  return { ...build, domain: withDevices(build.domain, part) };
}

/** All disks that leave their reservations to us share one helper. */
function isFirstManaged(disk: Extract<Device, { kind: "disk" }>, { devices }: Domain): boolean {
  const isManaged = ({ source }: typeof disk) => source.reservations?.managed === "yes";
  return isManaged(disk) && !devices.disks.some((each) => each !== disk && isManaged(each));
}
