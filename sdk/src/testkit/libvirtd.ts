import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { access, chmod, chown, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { accepts, withinReason } from "./listening.js";

/** A libvirtd of one test's own: a session daemon in a folder of its own, without any of the system's paths. */
export interface PrivateLibvirtd {
  readonly folder: string;
  /** The unix socket that clients connect to. */
  readonly socket: string;
  readonly process: ChildProcess;
  /** Ends the daemon and starts it again on what it has left. */
  restart(): Promise<void>;
  /** Ends the daemon and removes its folder. Guests that it started are the test's own affair. */
  stop(): Promise<void>;
}

const NOBODY = 65534;
const BINARY = "/usr/sbin/libvirtd";

/** Whether a libvirtd is installed. Tests that need one skip themselves by name where there is none. */
export async function hasLibvirtd(): Promise<boolean> {
  try {
    await access(BINARY);
    return true;
  } catch {
    return false;
  }
}

/** What besides its settings a libvirtd is started with. */
export interface LibvirtdOptions {
  /** Further arguments, such as `--listen`. */
  readonly args?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * Starts a libvirtd. It runs as `nobody` where the test runs as root, because a libvirtd of root is the system's.
 *
 * @param settings further lines of libvirtd.conf
 */
export async function startLibvirtd(settings = "", options: LibvirtdOptions = {}): Promise<PrivateLibvirtd> {
  const folder = await mkdtemp(join(tmpdir(), "libvirtd-"));
  const isRoot = process.getuid?.() === 0;
  const folders = ["run", "config", "cache", "data", "home"];
  for (const name of folders) await mkdir(join(folder, name), { mode: 0o700 });
  const config = join(folder, "libvirtd.conf");
  const log = join(folder, "libvirtd.log");
  await writeFile(config, `log_level = 3\nlog_outputs = "3:file:${log}"\n${settings}\n`);
  if (isRoot) {
    await chmod(folder, 0o755);
    for (const name of ["", ...folders]) await chown(join(folder, name), NOBODY, NOBODY);
  }
  const daemon = [BINARY, "--config", config, "--pid-file", join(folder, "libvirtd.pid"), ...(options.args ?? [])];
  const drop = isRoot ? ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"] : [];
  const [command = "", ...args] = [...drop, ...daemon];
  const env = { ...environment(folder), ...options.env };
  const socket = join(folder, "run/libvirt/libvirt-sock");
  const start = async (): Promise<ChildProcess> => {
    const started = spawn(command, args, { cwd: folder, env, stdio: "ignore" });
    try {
      await listening(started, socket);
    } catch (error) {
      const said = await readFile(log, "utf8").catch(() => "");
      await endDaemon(started);
      throw new Error(`${(error as Error).message}\n${said}`);
    }
    return started;
  };
  const stop = async () => {
    await endDaemon(child);
    await rm(folder, { recursive: true, force: true });
  };
  let child = await start().catch(async (error: unknown) => {
    await rm(folder, { recursive: true, force: true });
    throw error;
  });
  return {
    folder,
    socket,
    get process() {
      return child;
    },
    async restart() {
      await endDaemon(child);
      child = await start();
    },
    stop,
  };
}

function environment(folder: string): NodeJS.ProcessEnv {
  return {
    PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
    HOME: join(folder, "home"),
    XDG_RUNTIME_DIR: join(folder, "run"),
    XDG_CONFIG_HOME: join(folder, "config"),
    XDG_CACHE_HOME: join(folder, "cache"),
    XDG_DATA_HOME: join(folder, "data"),
  };
}

function listening(child: ChildProcess, socket: string): Promise<void> {
  return withinReason("libvirtd listens", () => {
    if (child.exitCode !== null) throw new Error(`libvirtd ended with status ${child.exitCode}`);
    return accepts(socket);
  });
}

async function endDaemon(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGCONT");
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), 5000);
  await ended;
  clearTimeout(timer);
}
