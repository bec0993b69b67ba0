import { chmod, mkdir, mkdtemp, readFile, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { openSystemHost, type PrivateSanlock, startSystemLibvirtd } from "@polyvisor/sdk/testkit";
import type { LockingManager } from "./lock-managers.js";
import { Polyvisord } from "./polyvisord.js";
import { project } from "./project.js";
import { Virsh } from "./virsh.js";

/** Which sanlock, and the folder of the lockspace that all share. */
export interface SharedLeases {
  readonly sanlock: PrivateSanlock;
  readonly folder: string;
  readonly hostId: number;
}

function settingsOf({ folder, hostId }: SharedLeases): string {
  return `auto_disk_leases = 1\ndisk_lease_dir = "${folder}"\nhost_id = ${hostId}\nio_timeout = 2\n`;
}

/** The system's libvirtd on a host of its own, with sanlock at the path that its library knows. */
export async function libvirtdWithSanlock(name: string, leases: SharedLeases): Promise<LockingManager> {
  const host = await openSystemHost();
  try {
    if (leases.sanlock.runDir !== host.path("/run/sanlock"))
      await symlink(leases.sanlock.runDir, host.path("/run/sanlock"));
    const qemu = 'lock_manager = "sanlock"\nsecurity_driver = "none"\n';
    const daemon = await startSystemLibvirtd({ host, qemu, files: { "qemu-sanlock.conf": settingsOf(leases) } });
    return {
      name,
      virsh: new Virsh(`qemu+unix:///system?socket=${daemon.socket}`),
      guestPid: (guest) => pidIn(host.path(`/run/libvirt/qemu/${guest}.pid`)),
      async kill() {
        daemon.process.kill("SIGKILL");
        await daemon.process.ended;
      },
      start: () => daemon.restart(),
      async close() {
        await daemon.stop();
        await host.close();
      },
    };
  } catch (error) {
    await host.close();
    throw error;
  }
}

/** Our daemon with the plugin lock-sanlock. */
export async function polyvisordWithSanlock(
  name: string,
  leases: SharedLeases,
  options: { readonly isolated?: boolean; readonly settings?: string } = {},
): Promise<LockingManager & { readonly daemon: Polyvisord }> {
  const root = await mkdtemp(join(tmpdir(), "polyvisord-sanlock-"));
  await chmod(root, 0o755);
  const settings = join(root, "etc/libvirt/plugins/lock-sanlock.conf");
  const config = join(root, "polyvisord.conf");
  await mkdir(dirname(settings), { recursive: true });
  await writeFile(settings, options.settings ?? `${settingsOf(leases)}run_dir = "${leases.sanlock.runDir}"\n`);
  const where = options.isolated ? "isolate" : "in_process";
  const plugin = join(project, "plugins/lock-sanlock");
  await writeFile(config, `plugins = [ "${plugin}" ]\n${where} = [ "lock-sanlock" ]\nlock_manager = "lock-sanlock"\n`);
  const daemon = new Polyvisord(root);
  const start = () => daemon.start("--config", config);
  await start().catch(async (error: unknown) => {
    await daemon.dispose();
    throw error;
  });
  return {
    name,
    daemon,
    virsh: new Virsh(daemon.uri("qemu")),
    guestPid: (guest) => pidIn(join(root, `run/libvirt/qemu/${guest}.pid`)),
    async kill() {
      await daemon.end("SIGKILL");
    },
    start,
    close: () => daemon.dispose(),
  };
}

async function pidIn(path: string): Promise<number> {
  return Number(await readFile(path, "utf8"));
}
