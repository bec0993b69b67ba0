import type { Cgroup } from "@polyvisor/sdk/cgroup";
import type { Domain as Config } from "@polyvisor/sdk/conf/domain";
import type { Guest, GuestEnd } from "@polyvisor/sdk/driver";
import type { ProcessHandle } from "@polyvisor/sdk/process";
import type { PreparedNetwork } from "../network/networks.js";

/** A container that runs: what `GuestDomain.run.guest` is for this driver. Its live configuration is `GuestDomain.run.config`. */
export interface Container extends Guest {
  readonly name: string;
  readonly uuid: string;
  /** The process beside the container. Its pid is the domain's id, as the controller's is in libvirt. */
  readonly shim: ProcessHandle;
  /** The container's first process, by its number on the host. Another one after a reboot. */
  readonly initPid: number;
  /** `/machine/lxc-ID-NAME.libvirt-lxc`, the same in every hierarchy. */
  readonly cgroupPath: string;
  readonly cgroup: Cgroup;
  /** What was made for its network before it started; absent where it has the host's. */
  readonly network: PreparedNetwork;
  /** The run folder of the container alone: the bundle, its state, what is mounted for it. Gone with it. */
  readonly folder: string;
  readonly ended: Promise<GuestEnd>;
  /** Devices have come or gone: its end releases what it has by then. */
  runsWith(config: Config): void;
}
