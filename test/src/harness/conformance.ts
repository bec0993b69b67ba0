import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createHost, type Host, rootPaths } from "@polyvisor/core";
import {
  type HypervisorProfile,
  type HypervisorSubject,
  type Known,
  readKnown,
  TRAITS,
} from "@polyvisor/sdk/conformance";
import { EMULATOR, echoGuest } from "@polyvisor/sdk/testkit";
import { runCommand } from "./command.js";
import { killPlugins } from "./kill-plugins.js";
import type { Driver } from "./peer.js";
import { realLibvirtd } from "./peer.js";
import { type Polyvisord, startPolyvisord } from "./polyvisord.js";
import { until } from "./processes.js";
import { project } from "./project.js";
import { serveStandIn } from "./vboxmanage.js";
import { startXenStandIn } from "./xen.js";

/** A subject whose domains live as long as it does: a driver that forgets all with its last connection keeps one. */
async function keptOpen(subject: HypervisorSubject): Promise<HypervisorSubject> {
  let held = await subject.open();
  const holding = (act: (() => Promise<void>) | undefined): (() => Promise<void>) | undefined =>
    act &&
    (async () => {
      await act();
      await until("the driver is there again", async () => {
        const opened = await subject.open().catch(() => undefined);
        held = opened ?? held;
        return opened !== undefined;
      });
    });
  const [restart, kill] = [holding(subject.restart), holding(subject.kill)];
  return {
    open: (options) => subject.open(options),
    ...(restart === undefined ? {} : { restart }),
    ...(kill === undefined ? {} : { kill }),
    async close() {
      await held.close().catch(() => {});
      await subject.close();
    },
  };
}

const plugin = (name: string) => join(project, "plugins", name);

/** A host that reaches daemons, and no hypervisor of its own. */
function client(): Promise<Host> {
  return createHost({ plugins: [plugin("remote")] });
}

/** A driver as it is judged. */
export interface Judged {
  /** Of the plugin, and its URIs' scheme. */
  readonly driver: string;
  /** What an operator would set for it. */
  readonly settings?: Readonly<Record<string, string | number | boolean>>;
  /** Where it is to be opened; its own path of this host where this is left out. */
  readonly uri?: string;
}

/** The driver in this process. */
export async function direct({ driver, settings = {}, uri }: Judged, root: string): Promise<HypervisorSubject> {
  const paths = rootPaths(root);
  const host = await createHost({
    plugins: [plugin(driver)],
    paths,
    pluginConfiguration: { [driver]: { values: settings } },
  });
  await host.start();
  const path = driver === "test" ? "/default" : process.getuid?.() === 0 ? "/system" : "/session";
  const at = uri ?? `${driver}://${path}`;
  return keptOpen({ open: ({ readOnly = false } = {}) => host.open(at, { readOnly }), close: () => host.close() });
}

/** Where the driver of a daemon runs: in the daemon's process, or in one of its own. */
export type Place = "in the daemon" | "isolated";

/** The driver behind a daemon, which is ended, killed and started again as the cases want; `daemon` is disposed of with it. */
export async function behindDaemon(
  { driver, settings = {}, uri }: Judged,
  place: Place,
): Promise<HypervisorSubject & { daemon: Polyvisord }> {
  const words = Object.entries(settings).map(([key, value]) => `${key} = ${JSON.stringify(value)}\n`);
  const daemon = await startPolyvisord([], { [driver]: words.join("") });
  if (place === "isolated") await isolate(daemon, driver);
  const host = await client();
  const args = place === "isolated" ? ["--config", configOf(daemon)] : [];
  const again = (signal: "SIGTERM" | "SIGKILL") => async () => {
    await daemon.end(signal);
    await daemon.start(...args);
  };
  const name = uri === undefined ? "" : `&name=${encodeURIComponent(uri)}`;
  const reached = () => `${daemon.uri(driver)}${name}`;
  const subject = await keptOpen({
    open: ({ readOnly = false } = {}) => host.open(reached(), { readOnly }),
    restart: again("SIGTERM"),
    kill: place === "isolated" ? () => killPlugins(daemon.pid) : again("SIGKILL"),
    async close() {
      await host.close();
      await daemon.dispose();
    },
  });
  return { ...subject, daemon };
}

/** More than the cases kill. */
const CRASHES = 1000;

const configOf = ({ root }: Polyvisord) => join(root, "conformance.conf");

async function isolate(daemon: Polyvisord, driver: string): Promise<void> {
  await daemon.end("SIGTERM");
  await writeFile(configOf(daemon), `isolate = [ "${driver}" ]\nisolate_crashes = ${CRASHES}\n`);
  await daemon.start("--config", configOf(daemon));
}

/** A driver of libvirt's own, behind its own daemon. */
export async function behindLibvirtd(driver: Driver): Promise<HypervisorSubject> {
  const [peer, host] = await Promise.all([realLibvirtd(), client()]);
  return keptOpen({
    open: ({ readOnly = false } = {}) => host.open(peer.uri(driver), { readOnly }),
    async close() {
      await host.close();
      await peer.stop();
    },
  });
}

const file = (name: string) => join(project, "docs/conformance", `${name}.json`);

export async function profileNamed(name: string): Promise<HypervisorProfile> {
  return JSON.parse(await readFile(file(name), "utf8")) as HypervisorProfile;
}

export function knownNamed(name: string): Promise<Known[]> {
  return readKnown(file(name));
}

const machine = (devices: string) => `<domain type='qemu'><name>{name}</name><uuid>{uuid}</uuid>
  <memory unit='KiB'>65536</memory><vcpu>1</vcpu><os><type arch='x86_64' machine='q35'>hvm</type></os>
  <devices><emulator>${EMULATOR}</emulator><controller type='usb' model='none'/><memballoon model='none'/>${devices}</devices>
</domain>`;

/** What QEMU's driver is judged by; the disks of its guests are made in `folder`, where every user may read and write them. */
export async function qemuProfile(folder: string): Promise<HypervisorProfile> {
  const disk = join(folder, "snapshots.qcow2");
  await runCommand("qemu-img", ["create", "-q", "-f", "qcow2", disk, "1M"]);
  await chmod(disk, 0o666);
  const echo = await echoGuest(folder, "console");
  const source = `<driver name='qemu' type='qcow2'/><source file='${disk}'/><target dev='vda' bus='virtio'/>`;
  return {
    fixtures: {
      domain: machine("<controller type='virtio-serial'/>"),
      snapshots: machine(`<disk type='file'>${source}</disk>`),
      screen: machine("<graphics type='vnc' port='-1' autoport='yes'/><video><model type='vga'/></video>"),
      console: echo.replace("<name>console</name>", "<name>{name}</name><uuid>{uuid}</uuid>"),
      device: "<interface type='user'><mac address='52:54:00:c0:de:01'/></interface>",
      // A guest is not asked for it: it lets go at once.
      liveDevice: "<channel type='null'><target type='virtio' name='org.example.kit'/></channel>",
    },
    traits: [TRAITS.guestsRun, TRAITS.keepsDefinitions, TRAITS.keepsGuests],
  };
}

/** Lets VirtualBox's driver manage machines that are made up, in `folder`. */
export async function vboxSettings(folder: string): Promise<{ vboxmanage: string }> {
  return { vboxmanage: (await serveStandIn(folder)).program };
}

/** What VirtualBox's driver is judged by, on machines that are made up. */
export async function vboxProfile(folder: string): Promise<HypervisorProfile> {
  const machine = (devices = "") => `<domain type='vbox'><name>{name}</name><uuid>{uuid}</uuid>
    <memory unit='MiB'>64</memory><vcpu>1</vcpu><os><type>hvm</type></os>
    <devices><controller type='sata' index='0'/>${devices}</devices></domain>`;
  const share = `<filesystem type='mount'><source dir='${folder}'/><target dir='kit'/></filesystem>`;
  return {
    fixtures: { domain: machine(), snapshots: machine(), screen: machine(), device: share, liveDevice: share },
    traits: [TRAITS.obeysShutdown, TRAITS.keepsDefinitions, TRAITS.keepsGuests],
  };
}

/** Lets Xen's driver drive a dom0 that is made up, in `folder`. */
export async function xenSettings(folder: string): Promise<Readonly<Record<string, string | number>>> {
  return (await startXenStandIn(join(folder, "dom0"))).settings;
}

/** What Xen's driver is judged by, on a dom0 that is made up. */
export async function xenProfile(): Promise<HypervisorProfile> {
  const domain = `<domain type='xen'><name>{name}</name><uuid>{uuid}</uuid><memory unit='MiB'>64</memory>
    <vcpu current='1'>2</vcpu><os><type arch='x86_64' machine='xenpv'>linux</type><kernel>/guests/vmlinuz</kernel></os>
    <devices><console type='pty'><target type='xen'/></console></devices></domain>`;
  const disk = `<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='/guests/disk.img'/>
    <target dev='xvdz' bus='xen'/></disk>`;
  return {
    fixtures: { domain, device: disk, liveDevice: disk },
    traits: [TRAITS.obeysShutdown, TRAITS.keepsDefinitions, TRAITS.keepsGuests],
  };
}
