import type { Duplex } from "node:stream";
import type { Descriptor } from "@polyvisor/core";
import type { Cpu, Device, Domain as DomainConfig } from "@polyvisor/sdk/conf";
import type { DomainJobs } from "@polyvisor/sdk/jobs";
import type { EndingName, TransitionName } from "@polyvisor/sdk/lifecycle";
import type { ProcessHandle } from "@polyvisor/sdk/process";
import { type ForeignXml, NO_FOREIGN_XML } from "@polyvisor/sdk/store";
import type { BlockJob, PendingOverlay } from "./blockjobs/block-job.js";
import type { QemuCapabilities } from "./capabilities/index.js";
import type { Json, JsonObject } from "./capabilities/json.js";
import { firstHostdevNumber, lastImage } from "./command-line/node-names.js";
import { noLongerRunning, qemuError } from "./errors.js";
import type { QmpClient } from "./monitor/index.js";
import type { GuestLabel } from "./services/index.js";
import type { Taint } from "./taint.js";
import { within } from "./within.js";

/** How long after its monitor an emulator that dies may end, in milliseconds. */
const DEATH = 1_000;

/** What becomes of a device of which the guest was asked to let go. */
export type UnplugOutcome = "removed" | "refused";

/** One run of a domain: from the moment a start begins until everything of it is gone. */
export class Guest {
  readonly id: number;
  /** The configuration as it runs, with aliases, ports and terminals; replaced as the guest changes. */
  config: DomainConfig;
  readonly caps: QemuCapabilities | undefined;
  /** The folder of this run, with the monitor's socket and the master key. */
  readonly folder: string;
  readonly channelFolder: string;
  process: ProcessHandle | undefined;
  /** Settles when what was launched has become the emulator, or nothing of it is left. */
  launched: Promise<void> = Promise.resolve();
  /** Settles when its start has come to its end, and is undone where it failed. */
  startOver: Promise<void> = Promise.resolve();
  monitor: QmpClient | undefined;
  /** How long its monitor may take for a command that says nothing else, in milliseconds; longer while it starts. */
  patience: number | undefined;
  /** Host threads of the virtual CPUs, by the number of the CPU. */
  vcpuThreads: ReadonlyMap<number, number> = new Map();
  /** The processor that the emulator was asked for, where it made another: what a migration starts with. */
  askedCpu: Cpu | undefined;
  /** A shutdown of the guest is to become a reboot. */
  fakeReboot = false;
  /** The guest has shut down and is about to be reset: that it stands still meanwhile is not shown. */
  pausedShutdown = false;
  /** Someone stops it on purpose and will clean up after it. */
  beingStopped = false;
  /** How its end is to be shown once it comes, where someone has tried to end it. */
  ending: EndingName | undefined;
  /** What the next RESUME or STOP of the emulator will mean, where we asked for it. */
  nextRun: TransitionName | undefined;
  nextStop: TransitionName | undefined;
  /** The connection with which the guest goes. */
  autodestroy: object | undefined;
  /** Open consoles by the alias of their device. */
  readonly consoles = new Map<string, Duplex>();
  /** Called when QEMU has let go of the device of that id, or the guest has refused, where someone waits for that. */
  readonly unplugs = new Map<string, (outcome: UnplugOutcome) => void>();
  /** Called when the tray of the drive of that alias has opened, for those that someone waits for. */
  readonly trays = new Map<string, () => void>();
  /** Jobs of its disks, by the target of the disk. */
  readonly blockJobs = new Map<string, BlockJob>();
  /** Images that are being put upon those of its disks. */
  overlays: readonly PendingOverlay[] = [];
  /** Called when the emulator has done with the job of that name, for those that someone waits for. */
  readonly shortJobs = new Map<string, () => void>();
  /** The device that is just being given to it, and is not yet in its configuration. */
  plugging: Device | undefined;
  /** How many images have been given a number in this run: the next one's is higher. */
  images = 0;
  /** Ports that were chosen for this run and go back with it. */
  ports: readonly number[] = [];
  /** What the host's security drivers gave it: goes back with it. */
  labels: readonly GuestLabel[] = [];
  /** What the lock manager wants to hear when a paused guest is resumed. */
  lockState: string | undefined;
  /** Settles when the lock manager has done what it was asked for last. */
  leaseTurn: Promise<void> = Promise.resolve();
  /** Settles when what others gave has last been given back: a start may be undone while the guest is destroyed. */
  releaseTurn: Promise<void> = Promise.resolve();
  /** What was done to it of which nobody can say what it does to the guest. */
  readonly taints = new Set<Taint>();
  /** What another version of us wrote into the status file. */
  foreignStatus: ForeignXml = NO_FOREIGN_XML;

  /** The domain's: what the emulator is asked while a job holds the guest is asked for that job. */
  readonly #jobs: DomainJobs;

  constructor(
    jobs: DomainJobs,
    id: number,
    config: DomainConfig,
    caps: QemuCapabilities | undefined,
    folders: { readonly folder: string; readonly channelFolder: string },
  ) {
    this.#jobs = jobs;
    this.id = id;
    this.config = config;
    this.caps = caps;
    this.images = Math.max(lastImage(config), firstHostdevNumber(config) - 1);
    this.folder = folders.folder;
    this.channelFolder = folders.channelFolder;
  }

  get monitorPath(): string {
    return `${this.folder}/monitor.sock`;
  }

  /**
   * Asks the emulator. Fails in libvirt's words where the guest ends meanwhile, or where its monitor is lost, and gives up
   * where the job that holds the guest is cancelled.
   */
  qmp(command: string, args?: JsonObject, deadline = this.patience): Promise<Json> {
    return this.#ask((monitor, signal) => monitor.execute(command, args, { deadline, signal }));
  }

  /** Sends the emulator what somebody else has written (`QmpClient.converse`). Fails as `qmp` does. */
  converse(request: string, deadline: number): Promise<string> {
    return this.#ask((monitor, signal) => monitor.converse(request, { deadline, signal }));
  }

  /** Sends the emulator a copy of a descriptor for the command that comes next (`getfd`, `add-fd`). Fails as `qmp` does. */
  passDescriptor(descriptor: Descriptor): Promise<void> {
    return this.#ask((monitor) => monitor.passDescriptor(descriptor));
  }

  async #ask<T>(question: (monitor: QmpClient, signal: AbortSignal | undefined) => Promise<T>): Promise<T> {
    const { monitor } = this;
    if (monitor === undefined || !monitor.isOpen) throw this.#noMonitor();
    try {
      return await question(monitor, this.#jobs.holder?.signal);
    } catch (error) {
      if (monitor.isOpen) throw error;
      // A dying emulator closes its monitor first: whoever has the job after this call must see that the guest has ended.
      await (this.process && within(this.process.ended, DEATH));
      throw this.#noMonitor();
    }
  }

  #noMonitor(): Error {
    if (this.process?.hasEnded !== false) return noLongerRunning();
    return qemuError("OPERATION_FAILED", "monitor of the domain is lost", {
      hint: "the guest runs on, but only destroy works; see the daemon's log for what happened",
    });
  }
}
