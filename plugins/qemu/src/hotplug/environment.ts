import type { Device, Disk } from "@polyvisor/sdk/conf/domain";
import type { QemuCapabilities } from "../capabilities/index.js";
import type { Runtime } from "../command-line/runtime.js";
import type { HostFacts } from "../conf/index.js";
import type { Guest } from "../guest.js";
import type { StepList } from "./steps.js";

/** What plugging works on, beside the guest itself: the host, the daemon's state, and those who listen. */
export interface Environment {
  readonly guest: Guest;
  readonly caps: QemuCapabilities;
  readonly host: HostFacts;
  readonly steps: StepList;
  /** How long a client waits at most for the guest to let go of a device, in milliseconds. */
  readonly unplugWait: number;
  /** How long a client waits at most for a drive to open, in milliseconds. */
  readonly trayWait: number;
  /** The device with what is known of it on this host. Refuses what the host does not have, or cannot give away. */
  onHost(device: Device): Promise<Device>;
  /** The disk with its chain of images looked up. Fails where one is missing. */
  withChain(disk: Disk): Promise<Disk>;
  /** Opens what the emulator gets as descriptors. Whoever calls closes it. */
  open(device: Device): Promise<OpenedDevice>;
  /** What commands are built with; the descriptors of `opened` are in it. */
  runtime(opened?: OpenedDevice): Promise<Runtime>;
  /** Resolves when the guest's status file tells of the present state. */
  save(): Promise<void>;
  added(alias: string): void;
  removed(alias: string): void;
  removalFailed(alias: string): void;
  warn(error: unknown, words: string): void;
}

/** What a device has opened on the host, by the numbers of the descriptors here. */
export interface OpenedDevice
  extends Pick<Runtime, "taps" | "chardevFds" | "chardevLogFds" | "vhostFds" | "fdGroups" | "helperSockets"> {
  /** The device with the names that its parts got on the host. */
  readonly device: Device;
  /** Closes our copies: the emulator has its own by then, or does not need them. */
  close(): void;
}
