import { chmod, mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { accepts, openSystemHost, type SystemHost, startSystemLibvirtd, withinReason } from "@polyvisor/sdk/testkit";
import { project } from "./project.js";
import { Virsh } from "./virsh.js";

/** Whom guests run as: a number to which no account belongs. */
export const GUEST_USER = 64056;

/** A daemon of root whose guests are confined, on a host of its own. */
export interface ConfiningDaemon {
  readonly host: SystemHost;
  readonly virsh: Virsh;
  readonly pid: number;
  /** `/var/lib/libvirt/qemu`, `/run/libvirt/qemu` and `/var/log/libvirt/qemu`, from outside. */
  readonly lib: string;
  readonly run: string;
  readonly log: string;
  guestPid(guest: string): Promise<number>;
  close(): Promise<void>;
}

const SETTINGS = `user = "+${GUEST_USER}"\ngroup = "+${GUEST_USER}"\n`;

/** `qemu` are further lines of qemu.conf, `users` those that say who guests are: nothing for whom each daemon takes by itself. */
export async function confiningLibvirtd(qemu: string, users = SETTINGS): Promise<ConfiningDaemon> {
  const host = await openSystemHost();
  try {
    const daemon = await startSystemLibvirtd({ host, qemu: `${users}security_driver = "none"\n${qemu}` });
    const folders = {
      lib: host.path("/var/lib/libvirt/qemu"),
      run: host.path("/run/libvirt/qemu"),
      log: host.path("/var/log/libvirt/qemu"),
    };
    const close = async () => {
      await daemon.stop();
      await host.close();
    };
    const virsh = new Virsh(`qemu+unix:///system?socket=${daemon.socket}`);
    return { host, ...folders, virsh, pid: daemon.process.pid, guestPid: pidIn(folders.run), close };
  } catch (error) {
    await host.close();
    throw error;
  }
}

/** Our daemon, with the security drivers that it takes by itself. `qemu` are lines of plugins/qemu.conf. */
export async function confiningPolyvisord(qemu: string, users = SETTINGS): Promise<ConfiningDaemon> {
  const host = await openSystemHost();
  try {
    const root = await mkdtemp(join(host.folder, "polyvisord-"));
    await chmod(root, 0o755);
    const settings = join(root, "etc/libvirt/plugins");
    await mkdir(settings, { recursive: true });
    await writeFile(join(settings, "security-dac.conf"), users);
    await writeFile(join(settings, "qemu.conf"), qemu);
    const program = join(project, "daemon/bin/polyvisord.js");
    const output = join(root, "polyvisord.log");
    const daemon = await host.run([process.execPath, program, "--root", root], { output });
    const socket = join(root, "run/libvirt/libvirt-sock");
    await withinReason("polyvisord listens", () => accepts(socket));
    const folders = {
      lib: join(root, "var/lib/libvirt/qemu"),
      run: join(root, "run/libvirt/qemu"),
      log: join(root, "var/log/libvirt/qemu"),
    };
    const close = async () => {
      daemon.kill("SIGTERM");
      await daemon.ended;
      await host.close();
    };
    const virsh = new Virsh(`qemu+unix:///system?socket=${socket}`);
    return { host, ...folders, virsh, pid: daemon.pid, guestPid: pidIn(folders.run), close };
  } catch (error) {
    await host.close();
    throw error;
  }
}

function pidIn(folder: string): (guest: string) => Promise<number> {
  return async (guest) => Number(await readFile(join(folder, `${guest}.pid`), "utf8"));
}
