import { closeSync, openSync } from "node:fs";
import {
  aliasOf,
  type Device,
  type Domain,
  formatDomain,
  parseDevice,
  parseDomain,
  withDevices,
} from "@polyvisor/sdk/conf/domain";
import { expectExact, type GoldenCase, type GoldenFiles, type GoldenRun } from "@polyvisor/sdk/golden";
import { DomainJobs } from "@polyvisor/sdk/jobs";
import type { QemuCapabilities } from "../capabilities/index.js";
import { isObject, type Json, textOf } from "../capabilities/json.js";
import { assignAddresses, assignAliases, type HostFacts, qemuHooks } from "../conf/index.js";
import { qemuError } from "../errors.js";
import { Guest } from "../guest.js";
import { attachLive, detachLive, type Environment, updateLive } from "../hotplug/index.js";
import { type QmpClient, QmpError } from "../monitor/index.js";
import { withChannelSockets } from "../start/live-config.js";
import { fakeCaps } from "./fake-caps.js";
import { textField } from "./fields.js";
import { FOLDERS, hostOf } from "./folders.js";

/** What the emulator of the data can do beside what every one can. */
const CAPS = [
  "VIRTIO_SCSI",
  "DEVICE_USB_STORAGE",
  "DEVICE_IVSHMEM_PLAIN",
  "DEVICE_IVSHMEM_DOORBELL",
  "SCSI_DISK_WWN",
  "DEVICE_VFIO_PCI",
  "DEVICE_SPAPR_PCI_HOST_BRIDGE",
  "DEVICE_QXL",
  "DEVICE_VGA",
  "DEVICE_CIRRUS_VGA",
  "PIIX_DISABLE_S3",
  "PIIX_DISABLE_S4",
  "VNC",
  "SPICE",
  "PR_MANAGER_HELPER",
  "SCSI_BLOCK",
  "DEVICE_USB_KBD",
  "NETDEV_VHOST_VDPA",
].map((name) => `QEMU_CAPS_${name}`);

const DOMAIN_ID = 7;
/** Milliseconds. */
const UNPLUG_WAIT = 10;

/** Devices that are given to a guest and taken from it, with an emulator whose answers are written down. */
export function qemuhotplug(): GoldenRun {
  const guests = new Map<string, Guest>();
  return async (row, files) => {
    const arch = /<type arch='(\w+)'/.exec(files.text(row.input))?.[1] ?? "x86_64";
    const caps = fakeCaps({ arch, names: CAPS, basics: true, oldCpus: true, accel: "kvm" });
    const guest = guests.get(textField(row, "continuesCase") ?? "") ?? (await guestBefore(row, files, caps));
    const failure = await changed(guest, row, files, new ScriptedMonitor(guest, scriptOf(row)));
    if (row.keep === true) guests.set(row.id, guest);
    judge(guest, row, files, failure);
  };
}

type Script = readonly (readonly [command: string, reply: string])[];

function scriptOf(row: GoldenCase): Script {
  return Array.isArray(row.monitor) ? (row.monitor as Script) : [];
}

/** The guest of the row before; where the data leaves that row out, the device is given to it as that row would have. */
async function guestBefore(row: GoldenCase, files: GoldenFiles, caps: QemuCapabilities): Promise<Guest> {
  const guest = guestOf(readGuest(row, files, caps), caps);
  if (row.continuesCase !== undefined && row.action === "detach") {
    await attachLive(
      environmentOf(guest, hostOf(row, guest.caps?.arch ?? "")),
      readDevice(guest, files.text(row.extraInputs[0]), true),
    ).catch(() => {});
  }
  return guest;
}

function readGuest(row: GoldenCase, files: GoldenFiles, caps: QemuCapabilities): Domain {
  const written = parseDomain(files.text(row.input), {
    hooks: qemuHooks(caps, FOLDERS, hostOf(row, caps.arch)),
    inactive: false,
  });
  const domain = assignAliases(assignAddresses(written, caps, true, hostOf(row, caps.arch)));
  return { ...domain, id: DOMAIN_ID };
}

function guestOf(config: Domain, caps: QemuCapabilities): Guest {
  const folders = { folder: "/tmp/lib/domain-7-hotplug", channelFolder: `${FOLDERS.channels}/domain-7-hotplug` };
  const guest = new Guest(new DomainJobs(), DOMAIN_ID, config, caps, folders);
  guest.images = 0;
  guest.monitor = new ScriptedMonitor(guest, undefined) as unknown as QmpClient;
  return guest;
}

function readDevice(guest: Guest, xml: string, inactive: boolean): Device {
  const hooks = qemuHooks(guest.caps, FOLDERS);
  return parseDevice(xml, guest.config, { hooks, inactive, skipChecks: !inactive, abiUpdate: inactive });
}

async function changed(guest: Guest, row: GoldenCase, files: GoldenFiles, monitor: ScriptedMonitor): Promise<unknown> {
  guest.monitor = monitor as unknown as QmpClient;
  const env = environmentOf(guest, hostOf(row, guest.caps?.arch ?? ""));
  const device = readDevice(guest, files.text(row.extraInputs[0]), row.action === "attach");
  try {
    if (row.action === "attach") await attachLive(env, device);
    else if (row.action === "detach") await detachLive(env, device, { wait: true });
    else if (device.kind === "graphics") await updateLive(env, device, { force: false });
    // The data's driver has updates of displays alone.
    else throw qemuError("CONFIG_UNSUPPORTED", `device type '${device.kind}' cannot be updated`);
    monitor.expectEnd();
    return undefined;
  } catch (error) {
    return error;
  }
}

function judge(guest: Guest, row: GoldenCase, files: GoldenFiles, failure: unknown): void {
  if (row.mode === "ok" && failure !== undefined) throw failure;
  if (row.expected === null) {
    if (row.mode !== "ok" && failure === undefined) throw new Error("must fail, but did not");
    return;
  }
  const text = formatDomain(guest.config, { inactive: false, secure: true });
  if (row.mode === "ok") expectExact(files, row.expected, text);
  else if (text === files.text(row.expected)) throw new Error("the device is gone although nobody said so");
}

/** An emulator that expects commands in an order, and answers with what is written down. Without a script it says yes. */
class ScriptedMonitor {
  readonly isOpen = true;
  readonly #guest: Guest;
  readonly #script: [command: string, reply: string][] | undefined;

  constructor(guest: Guest, script: Script | undefined) {
    this.#guest = guest;
    this.#script = script?.map(([command, reply]) => [command, reply]);
  }

  async execute(command: string): Promise<Json> {
    if (this.#script === undefined) return {};
    const next = this.#script.shift();
    if (next?.[0] !== command)
      throw qemuError("INTERNAL_ERROR", `'${command}' came instead of '${next?.[0] ?? "nothing"}'`);
    let answer: Json = {};
    for (const line of next[1].split("\r\n")) {
      const message: Json = JSON.parse(line);
      if (!isObject(message)) continue;
      if (isObject(message.data)) this.#guest.unplugs.get(textOf(message.data, "device") ?? "")?.("removed");
      if (isObject(message.error)) throw new QmpError(command, textOf(message.error, "class") ?? "", "refused");
      answer = message.return ?? answer;
    }
    return answer;
  }

  async passDescriptor(): Promise<void> {}

  expectEnd(): void {
    const [next] = this.#script ?? [];
    if (next !== undefined) throw qemuError("INTERNAL_ERROR", `'${next[0]}' did not come`);
  }
}

/** A host that has all files and opens none. */
function environmentOf(guest: Guest, host: HostFacts): Environment {
  return {
    guest,
    caps: guest.caps as QemuCapabilities,
    host,
    steps: { give: async (device) => device, takeBack: async () => {} },
    unplugWait: UNPLUG_WAIT,
    trayWait: UNPLUG_WAIT,
    onHost: async (device) => device,
    withChain: async (disk) => ({ ...disk, backingStore: disk.backingStore ?? { kind: "end" } }),
    async open(device) {
      const fd = openSync("/dev/null", "r");
      const alone =
        device.kind === "channel"
          ? withChannelSockets(withDevices(guest.config, { channels: [device] }), guest.channelFolder)
          : undefined;
      const opened = alone?.devices.channels[0] ?? device;
      const alias = aliasOf(opened);
      const numbers = new Map([[alias ?? "", fd]]);
      return {
        device: opened,
        taps: new Map([[alias ?? "", { fds: [fd] }]]),
        chardevFds: device.kind === "channel" ? numbers : new Map(),
        vhostFds: numbers,
        close: () => closeSync(fd),
      };
    },
    runtime: async (opened) => ({
      libDir: guest.folder,
      privileged: true,
      environment: {},
      monitor: { path: "" },
      now: 0,
      taps: opened?.taps,
      chardevFds: opened?.chardevFds,
      vhostFds: opened?.vhostFds,
      helperSockets: opened?.helperSockets,
    }),
    save: async () => {},
    added() {},
    removed() {},
    removalFailed() {},
    warn() {},
  };
}
