import { access, copyFile, mkdir, readdir, readFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import { type HypervisorProfile, TRAITS } from "@polyvisor/sdk/conformance";

const BUSYBOX = "/bin/busybox";
const APPLETS = [
  "sh",
  "cat",
  "sleep",
  "ls",
  "id",
  "mount",
  "hostname",
  "ip",
  "reboot",
  "poweroff",
  "kill",
  "env",
  "stat",
  "ps",
];
const FOLDERS = ["bin", "dev", "etc", "proc", "sys", "tmp", "run", "mnt"];

/** A container's root with a shell and little else: never the host's. */
export async function makeRoot(folder: string): Promise<string> {
  for (const name of FOLDERS) await mkdir(join(folder, name), { recursive: true });
  await copyFile(BUSYBOX, join(folder, "bin/busybox"));
  for (const applet of APPLETS) await symlink("busybox", join(folder, "bin", applet)).catch(() => {});
  return folder;
}

/** Ends by itself when it is asked to. */
export const OBEDIENT = "trap 'exit 0' TERM; while :; do sleep 1000 & wait; done";
/** The same, and it uses a little time now and then. */
const BREATHING = "trap 'exit 0' TERM; while :; do sleep 0.5 & wait; done";
/** Says what it hears. */
export const ECHO = "while read line; do echo heard $line; done";

export interface ContainerOptions {
  readonly name: string;
  readonly root: string;
  /** What its shell runs. */
  readonly script?: string;
  readonly uuid?: string;
  /** Further elements of `<domain>`, and of `<devices>`. */
  readonly more?: string;
  readonly devices?: string;
}

export function containerXml({
  name,
  root,
  script = OBEDIENT,
  uuid,
  more = "",
  devices = "",
}: ContainerOptions): string {
  const escaped = script.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<domain type='lxc' xmlns:lxc='http://libvirt.org/schemas/domain/lxc/1.0'><name>${name}</name>${uuid === undefined ? "" : `<uuid>${uuid}</uuid>`}
    <memory unit='MiB'>32</memory><vcpu>1</vcpu>
    <os><type>exe</type><init>/bin/sh</init><initarg>-c</initarg><initarg>${escaped}</initarg></os>${more}
    <devices><filesystem type='mount'><source dir='${root}'/><target dir='/'/></filesystem>
    <console type='pty'/>${devices}</devices></domain>`;
}

/** What the driver of containers is judged by; their files are made in `folder`. */
export async function lxcProfile(folder: string): Promise<HypervisorProfile> {
  const root = await makeRoot(join(folder, "root"));
  const names = { name: "{name}", uuid: "{uuid}", root };
  return {
    fixtures: {
      domain: containerXml({ ...names, script: BREATHING }),
      console: containerXml({ ...names, script: ECHO }),
      device: "<interface type='bridge'><mac address='00:16:3e:c0:de:01'/><source bridge='kit0'/></interface>",
    },
    traits: [TRAITS.obeysShutdown, TRAITS.guestsRun, TRAITS.keepsDefinitions, TRAITS.keepsGuests],
  };
}

/** What a container keeps while it runs, as far as tests look at it. */
interface ContainerRecord {
  readonly shim?: { readonly pid: number };
  readonly cgroupPath?: string;
}

/** The containers below a daemon's root that are not cleaned up, whoever should have done it. */
export async function leftContainers(root: string): Promise<ContainerRecord[]> {
  const folder = join(root, "run/libvirt/lxc");
  const files = (await readdir(folder).catch(() => [])).filter((file) => file.endsWith(".container"));
  return Promise.all(
    files.map(async (file) => JSON.parse(await readFile(join(folder, file, "record.json"), "utf8")) as ContainerRecord),
  );
}

/** The folders of a container's control group that are there. */
export async function groupsOf(path: string): Promise<string[]> {
  const mounts = (await readFile("/proc/mounts", "utf8")).split("\n").map((line) => line.split(" "));
  const folders = mounts.filter(([, , type]) => type?.startsWith("cgroup")).map(([, point = ""]) => join(point, path));
  const there = await Promise.all(
    folders.map((each) =>
      access(each).then(
        () => [each],
        () => [],
      ),
    ),
  );
  return there.flat();
}

/** Kills what a daemon's containers still run, for the end of a test. */
export async function killContainers(root: string): Promise<void> {
  for (const { cgroupPath } of await leftContainers(root).catch(() => [])) {
    for (const folder of cgroupPath === undefined ? [] : await groupsOf(cgroupPath)) {
      const pids = (await readFile(join(folder, "cgroup.procs"), "utf8").catch(() => "")).split("\n").filter(Boolean);
      for (const pid of pids) killQuietly(Number(pid));
    }
  }
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended meanwhile.
  }
}
