import { join } from "node:path";
import type { HostPaths } from "@polyvisor/core";

/** Where the driver keeps its files: libvirt's layout below the host's folders. */
export class Layout {
  /** Definitions, `NAME.xml`. */
  readonly config: string;
  /** Links to the definitions of domains that start by themselves. */
  readonly autostart: string;
  /** Status of running guests, `NAME.xml`. */
  readonly status: string;
  /** Tells the boot of the host for which autostart has been done. */
  readonly autostarted: string;
  /** What guests said, `NAME.log`. */
  readonly log: string;
  /** Folders of running guests. */
  readonly lib: string;
  readonly nvram: string;
  /** Where the sockets of channels are, in a folder for each guest. */
  readonly channels: string;
  /** What managed save would leave, `NAME.save`. */
  readonly save: string;
  /** For dumps that a guest's crash asks for. */
  readonly dump: string;
  /** What is known of snapshots, `NAME/SNAPSHOT.xml`. */
  readonly snapshots: string;
  readonly memory: string;
  readonly capabilities: string;

  constructor(paths: HostPaths) {
    this.config = join(paths.config, "qemu");
    this.autostart = join(this.config, "autostart");
    this.status = join(paths.run, "qemu");
    this.autostarted = join(this.status, "autostarted");
    this.log = join(paths.log, "qemu");
    this.lib = join(paths.lib, "qemu");
    this.nvram = join(this.lib, "nvram");
    this.channels = join(this.lib, "channel", "target");
    this.save = join(this.lib, "save");
    this.dump = join(this.lib, "dump");
    this.snapshots = join(this.lib, "snapshot");
    this.memory = join(this.lib, "ram");
    this.capabilities = join(paths.cache, "qemu", "capabilities");
  }

  /** Folders that must be there before anything is written. */
  get folders(): readonly string[] {
    return [this.config, this.autostart, this.status, this.log, this.lib];
  }

  configFile(name: string): string {
    return join(this.config, `${name}.xml`);
  }

  autostartLink(name: string): string {
    return join(this.autostart, `${name}.xml`);
  }

  statusFile(name: string): string {
    return join(this.status, `${name}.xml`);
  }

  /** For scripts: whoever holds the pid of a guest looks here. */
  pidFile(name: string): string {
    return join(this.status, `${name}.pid`);
  }

  logFile(name: string): string {
    return join(this.log, `${name}.log`);
  }

  /** The folder of one run of a guest. */
  guestFolder(id: number, name: string): string {
    return join(this.lib, `domain-${shortName(id, name)}`);
  }

  /** Where channels of a guest have their sockets, by the name of the channel. */
  channelFolder(id: number, name: string): string {
    return join(this.channels, `domain-${shortName(id, name)}`);
  }
}

const SHORT_NAME_MAX = 20;

/** The id makes it unique; the name only helps people. Cut, because socket paths are short. */
export function shortName(id: number, name: string): string {
  return `${id}-${[...name].slice(0, SHORT_NAME_MAX).join("")}`;
}
