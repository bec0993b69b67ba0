import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";

/** A program that runs on a test's own host. */
export interface HostProcess {
  readonly pid: number;
  /** The exit status once it has ended, or minus the signal that ended it. */
  readonly ended: Promise<number>;
  kill(signal?: NodeJS.Signals): void;
}

/**
 * What programs of root take for the system: its /run, its settings and its state are folders of the test's own, in a mount
 * namespace and a network namespace with a loopback. Everything else, such as the folder of images, is the real one.
 *
 * There is no /dev/kvm, where ordinary guests may hang, and version 2 of cgroups is hidden where version 1 is mounted, which
 * confuses libvirtd.
 */
export interface SystemHost {
  readonly folder: string;
  /** Where a file of the host's /run, /etc/libvirt, /var/lib/libvirt, /var/log/libvirt or /var/cache/libvirt is for the test. */
  path(inside: string): string;
  /** Starts a program there, as root, without input. Its output goes to the file `output`, or nowhere. */
  run(argv: readonly [string, ...string[]], options?: RunOptions): Promise<HostProcess>;
  /** Ends everything that was ever started there, and removes the folder. */
  close(): Promise<void>;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly output?: string;
}

const FOLDERS = {
  "/run": "run",
  "/etc/libvirt": "etc",
  "/var/lib/libvirt": "lib",
  "/var/log/libvirt": "log",
  "/var/cache/libvirt": "cache",
} as const;
const NODES = ["null", "zero", "full", "random", "urandom", "tty", "ptmx", "net/tun", "fuse", "loop-control"];

/** Mounts are the namespace's alone. Makes a /dev without kvm and with what guests and containers need. */
const SET_UP = [
  "set -e",
  ...Object.entries(FOLDERS).map(([place, name]) => `mkdir -p ${place}; mount --bind "$1/${name}" ${place}`),
  'mount -t tmpfs -o mode=755 dev "$1/dev"',
  'mkdir "$1/dev/net" "$1/dev/pts" "$1/dev/shm"',
  ...NODES.map((name) => `if [ -e /dev/${name} ]; then cp -a /dev/${name} "$1/dev/${name}"; fi`),
  'mount --bind /dev/pts "$1/dev/pts"; mount -t tmpfs -o mode=1777 shm "$1/dev/shm"',
  'ln -s /proc/self/fd "$1/dev/fd"',
  // A mount that is covered still shows in the list of mounts, and libvirtd would move it.
  "grep -o ' /dev[^ ]*' /proc/mounts | sort -r | while read -r place; do umount -l \"$place\"; done",
  'mount --move "$1/dev" /dev',
  "umount /sys/fs/cgroup/unified 2>/dev/null || true",
  "ip link set lo up",
  'exec python3 -c "$2"',
].join("\n");

/**
 * Adopts what is orphaned, such as emulators of daemons that have ended, and reaps it at once. Starts what it is told on its
 * input, a document a line, and tells of starts and ends on its output. Once the input closes it ends all and itself.
 */
const KEEPER = `
import ctypes, json, os, signal, sys, threading
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
lock = threading.Condition()
def tell(**what):
    try: os.write(1, (json.dumps(what) + "\\n").encode())
    except BrokenPipeError: pass
def reap():
    while True:
        try:
            pid, status = os.wait()
        except ChildProcessError:
            with lock: lock.wait(0.05)
            continue
        tell(pid=pid, ended=os.waitstatus_to_exitcode(status))
threading.Thread(target=reap, daemon=True).start()
for line in sys.stdin:
    job = json.loads(line)
    out = os.open(job["output"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        pid = os.posix_spawnp(job["argv"][0], job["argv"], job["env"], setsid=True, file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
            (os.POSIX_SPAWN_DUP2, out, 1), (os.POSIX_SPAWN_DUP2, out, 2)],
            setsigdef=[signal.SIGPIPE, signal.SIGXFSZ])
        tell(job=job["id"], pid=pid)
    except OSError as error:
        tell(job=job["id"], error=str(error))
    os.close(out)
    with lock: lock.notify()
def children():
    for task in os.listdir("/proc/self/task"):
        with open("/proc/self/task/" + task + "/children") as file:
            yield from (int(pid) for pid in file.read().split())
while True:
    left = list(children())
    if not left: break
    for pid in left:
        try: os.kill(pid, signal.SIGKILL)
        except ProcessLookupError: pass
    with lock:
        lock.notify()
        lock.wait(0.05)
`;

const PATH = "/usr/sbin:/usr/bin:/sbin:/bin";

/** Whether this process may make namespaces. Tests that need a host of their own skip themselves by name where it may not. */
export function mayOpenSystemHost(): boolean {
  return process.getuid?.() === 0 && process.platform === "linux";
}

export async function openSystemHost(): Promise<SystemHost> {
  const folder = await mkdtemp(join(tmpdir(), "host-"));
  // Emulators of other users come by here.
  await chmod(folder, 0o755);
  for (const name of [...Object.values(FOLDERS), "dev"]) await mkdir(join(folder, name), { mode: 0o755 });
  const keeper = spawn(
    "unshare",
    ["--mount", "--net", "--propagation", "private", "sh", "-c", SET_UP, "sh", folder, KEEPER],
    { stdio: ["pipe", "pipe", "inherit"], env: { PATH }, detached: true },
  );
  return new NamespacedHost(folder, keeper);
}

interface Told {
  readonly job?: number;
  readonly pid?: number;
  readonly ended?: number;
  readonly error?: string;
}

class NamespacedHost implements SystemHost {
  readonly folder: string;
  readonly #keeper: ChildProcess;
  readonly #lines: Interface;
  readonly #starts = new Map<number, (told: Told) => void>();
  readonly #ends = new Map<number, (status: number) => void>();
  /** Ends that were told before their start was. */
  readonly #early = new Map<number, number>();
  #jobs = 0;

  constructor(folder: string, keeper: ChildProcess) {
    this.folder = folder;
    this.#keeper = keeper;
    if (keeper.stdout === null) throw new Error("the keeper has no output");
    this.#lines = createInterface(keeper.stdout);
    // A keeper that ended hears no more; that it ended is told below.
    keeper.stdin?.on("error", () => {});
    this.#lines.on("line", (line) => this.#hear(JSON.parse(line) as Told));
    keeper.once("exit", () => {
      for (const tell of this.#starts.values()) tell({ error: "the namespaces cannot be made" });
      for (const tell of this.#ends.values()) tell(-9);
    });
  }

  path(inside: string): string {
    for (const [place, name] of Object.entries(FOLDERS)) {
      if (inside === place || inside.startsWith(`${place}/`))
        return join(this.folder, name, inside.slice(place.length));
    }
    return inside;
  }

  async run(argv: readonly [string, ...string[]], { env = {}, output = "/dev/null" }: RunOptions = {}) {
    this.#jobs += 1;
    const id = this.#jobs;
    const told = await new Promise<Told>((resolve) => {
      this.#starts.set(id, resolve);
      this.#keeper.stdin?.write(`${JSON.stringify({ id, argv, env: { PATH, ...env }, output })}\n`);
    });
    this.#starts.delete(id);
    const { pid } = told;
    if (pid === undefined) throw new Error(`${argv[0]} cannot be started: ${told.error ?? "nobody says why"}`);
    const early = this.#early.get(pid);
    this.#early.delete(pid);
    let isThere = early === undefined;
    const ended = isThere
      ? new Promise<number>((resolve) => {
          this.#ends.set(pid, resolve);
        })
      : Promise.resolve(early ?? 0);
    void ended.then(() => {
      isThere = false;
    });
    return {
      pid,
      ended,
      kill(signal: NodeJS.Signals = "SIGTERM") {
        if (!isThere) return;
        try {
          process.kill(pid, signal);
        } catch (error) {
          // It has ended, and word of that is still under way.
          if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
        }
      },
    };
  }

  async close(): Promise<void> {
    const ended = once(this.#keeper, "exit");
    if (this.#keeper.exitCode === null && this.#keeper.signalCode === null) {
      this.#keeper.stdin?.end();
      await ended;
    }
    this.#lines.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  #hear({ job, pid, ended, ...rest }: Told): void {
    if (job !== undefined) {
      this.#starts.get(job)?.({ ...(pid === undefined ? {} : { pid }), ...rest });
    } else if (pid !== undefined && ended !== undefined) {
      const tell = this.#ends.get(pid);
      if (tell === undefined) this.#early.set(pid, ended);
      else tell(ended);
      this.#ends.delete(pid);
    }
  }
}
