import type { Duplex } from "node:stream";
import type { SmbiosInfo } from "@polyvisor/sdk/conf/domain";
import type { HostShape } from "@polyvisor/sdk/conf/host";
import type { FirmwareFolder } from "../command-line/index.js";
import type { BhyveFeatures } from "../conf/index.js";

/** How a process has ended. */
export type Exit =
  | { readonly kind: "status"; readonly status: number }
  | { readonly kind: "signal" }
  /** Nobody saw it end. */
  | { readonly kind: "unseen" };

/** The process that is a guest. It outlives the daemon. */
export interface HostProcess {
  readonly pid: number;
  /** What finds it again: plain data. */
  readonly token: unknown;
  readonly exited: Promise<Exit>;
  /** Sends a signal; does nothing where it has ended. */
  signal(name: "SIGTERM" | "SIGKILL"): void;
  /** What its threads have worked so far, in nanoseconds. */
  cpuTime(): Promise<bigint>;
}

/** A network device of the host that a guest's card is connected to. */
export interface Tap {
  /** What the host calls it, such as `vnet0`. */
  readonly name: string;
  /** What bhyve opens, such as `tap0`. */
  readonly device: string;
}

/** How the processors have spent their time so far, in nanoseconds. */
export interface CpuTimes {
  readonly kernel: bigint;
  readonly user: bigint;
  readonly idle: bigint;
  readonly interrupts: bigint;
}

/** In KiB. */
export interface MemoryFigures {
  readonly total: number;
  readonly free: number;
  readonly cached: number;
  readonly buffers: number;
}

/** The host's own figures. */
export interface NodeFigures {
  shape(): Promise<HostShape>;
  memory(): Promise<MemoryFigures>;
  /** Of one processor, or of all; `undefined` where there is no such processor. */
  cpuTimes(cpu: number | undefined): Promise<CpuTimes | undefined>;
  /** What its firmware tells of it, if anything. */
  smbios(): Promise<SmbiosInfo | undefined>;
}

/**
 * Everything that the driver does to the host, and nothing that it decides. Each method has a deadline of its own, and fails with
 * a `VirtError` that names the command.
 */
export interface BhyveHost {
  /** Names this boot of the host. */
  readonly bootId: string;
  /** Of the system, such as `13.2-RELEASE`. */
  readonly release: string;
  readonly features: BhyveFeatures;
  readonly node: NodeFigures;
  /** The firmware images of a folder; none where it is not there. */
  firmware(folder: string): Promise<FirmwareFolder>;
  /** Makes a device and connects it to the bridge. `name`: what it is to be called, if that matters. */
  connectTap(bridge: string, name: string | undefined): Promise<Tap>;
  /** Does nothing where it is not there. */
  removeTap(name: string): Promise<void>;
  /** Runs a loader to its end. It writes to `log`. */
  load(argv: readonly string[], log: string): Promise<void>;
  /** Starts the process of a guest, which writes to `log`. */
  start(argv: readonly string[], log: string): Promise<HostProcess>;
  /** The process of an earlier daemon's guest; `undefined` where it has ended. */
  find(name: string, token: unknown): Promise<HostProcess | undefined>;
  /** Takes away what the kernel keeps of a guest. Does nothing where there is nothing. */
  removeMachine(name: string): Promise<void>;
  /** One end of a null modem. */
  openTerminal(path: string): Promise<Duplex>;
}
