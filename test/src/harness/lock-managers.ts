import { chmod, mkdir, mkdtemp, readFile, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { accepts, openSystemHost, type SystemHost, startSystemLibvirtd, withinReason } from "@polyvisor/sdk/testkit";

import { project } from "./project.js";
import { Virsh } from "./virsh.js";

/** A daemon that manages guests, and asks a lock daemon for their leases. */
export interface LockingManager {
  readonly name: string;
  readonly virsh: Virsh;
  guestPid(guest: string): Promise<number>;
  /** Kills it; its guests stay. */
  kill(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

/** Where libvirtd looks for its lock daemon. */
const LOCK_SOCKET = "/run/libvirt/virtlockd-sock";

/** The system's libvirtd, on a host of its own, where the lock daemon at `socket` seems to be its own. */
export async function libvirtdManager(
  name: string,
  socket: string,
  _host: SystemHost,
  { fileLockspace, lines = 'security_driver = "none"\n' }: LockingSettings = {},
): Promise<LockingManager> {
  const host = await openSystemHost();
  try {
    await mkdir(dirname(host.path(LOCK_SOCKET)), { recursive: true });
    await symlink(socket, host.path(LOCK_SOCKET));
    const daemon = await startSystemLibvirtd({
      host,
      qemu: `lock_manager = "lockd"\n${lines}`,
      files: { "qemu-lockd.conf": lockspaceLine(fileLockspace) },
    });
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

export interface LockingSettings {
  /** A folder with a file for each disk, whose lock is the lease. */
  readonly fileLockspace?: string;
  /** Lines of the daemon's own settings: ours of polyvisord.conf, libvirt's of qemu.conf. */
  readonly lines?: string;
}

/** Our daemon with the plugin lock-lockd, on the lock daemon's own host, which reaps its guests at once. */
export async function polyvisordManager(
  name: string,
  socket: string,
  host: SystemHost,
  { fileLockspace, lines = "" }: LockingSettings = {},
): Promise<LockingManager> {
  const root = await mkdtemp(join(host.folder, "polyvisord-"));
  await chmod(root, 0o755);
  const settings = join(root, "etc/libvirt/plugins/lock-lockd.conf");
  const config = join(root, "polyvisord.conf");
  await mkdir(dirname(settings), { recursive: true });
  await writeFile(settings, `lock_socket = "${socket}"\n${lockspaceLine(fileLockspace)}`);
  await writeFile(config, `lock_manager = "lock-lockd"\n${lines}`);
  const served = join(root, "run/libvirt/libvirt-sock");
  const program = join(project, "daemon/bin/polyvisord.js");
  const start = async () => {
    const daemon = await host.run([process.execPath, program, "--root", root, "--config", config]);
    await withinReason("polyvisord listens", () => accepts(served));
    return daemon;
  };
  let daemon = await start();
  const kill = async () => {
    daemon.kill("SIGKILL");
    await daemon.ended;
  };
  return {
    name,
    virsh: new Virsh(`qemu+unix:///system?socket=${served}`),
    guestPid: (guest) => pidIn(join(root, `run/libvirt/qemu/${guest}.pid`)),
    kill,
    async start() {
      daemon = await start();
    },
    close: kill,
  };
}

function lockspaceLine(folder: string | undefined): string {
  return folder === undefined ? "" : `file_lockspace_dir = "${folder}"\n`;
}

async function pidIn(path: string): Promise<number> {
  return Number(await readFile(path, "utf8"));
}

/** Lock daemons, each of which is served on a host of its own at the path that libvirt's has. */
export const LOCK_DAEMONS: Readonly<Record<string, readonly [string, ...string[]]>> = {
  virtlockd: ["virtlockd"],
  "polyvisor-lockd": [
    process.execPath,
    join(project, "plugins/lock-lockd/bin/polyvisor-lockd.js"),
    "--socket",
    LOCK_SOCKET,
    "--pid-file",
    "/run/virtlockd.pid",
  ],
};

export function lockSocketOn(host: SystemHost): string {
  return host.path(LOCK_SOCKET);
}

/**
 * An emulator that locks no image, as emulators of two hosts do not see each other's locks on many a network file system:
 * what keeps guests apart then is leases alone.
 */
export async function makeUnlockedEmulator(folder: string): Promise<string> {
  const path = join(folder, "qemu-unlocked");
  const script = `#!/bin/sh
for word; do
  shift
  case $word in
    '{"driver":"file",'*) word="{\\"locking\\":\\"off\\",\${word#?}" ;;
  esac
  set -- "$@" "$word"
done
exec /usr/bin/qemu-system-x86_64 "$@"
`;
  await writeFile(path, script, { mode: 0o755 });
  return path;
}
