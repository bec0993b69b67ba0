import { copyFile, mkdir, symlink } from "node:fs/promises";
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
      domain: containerXml(names),
      console: containerXml({ ...names, script: ECHO }),
      device: `<filesystem type='mount'><source dir='${root}'/><target dir='/mnt'/></filesystem>`,
    },
    traits: [TRAITS.obeysShutdown, TRAITS.guestsRun, TRAITS.keepsDefinitions, TRAITS.keepsGuests],
  };
}
