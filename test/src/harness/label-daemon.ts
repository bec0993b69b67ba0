import { execFile } from "node:child_process";
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { outputOf, runCommand } from "./command.js";
import { Polyvisord } from "./polyvisord.js";
import { project } from "./project.js";
import { Virsh } from "./virsh.js";

const CONFIG = `
security_drivers = [ "security-dac" ]
log_manager = "log-file"
plugins = [ "${join(project, "examples/log-file")}" ]
`;
/** Firmware passes over disks that are smaller. */
const DISK_BYTES = 1 << 20;
/** Whose the files of these tests are before and after: nobody's who takes part. */
export const OWNER = { uid: 1000, gid: 1001 } as const;

const run = promisify(execFile);

/** A daemon whose guests own their files, and a folder of images that other managers use, too. */
export class LabelDaemon extends Polyvisord {
  readonly images: string;
  readonly #config: string;

  private constructor(root: string) {
    super(root);
    this.images = join(root, "images");
    this.#config = join(root, "polyvisord.conf");
  }

  /** `config` is what the daemon is told instead of the usual. */
  static async make(config = CONFIG): Promise<LabelDaemon> {
    const daemon = new LabelDaemon(await mkdtemp(join(tmpdir(), "polyvisord-labels-")));
    // Guests are no longer root, and have to reach their own folders and their images.
    await chmod(daemon.root, 0o755);
    for (const folder of ["var/lib/libvirt", "images"])
      await mkdir(join(daemon.root, folder), { recursive: true, mode: 0o755 });
    await writeFile(daemon.#config, config);
    return daemon;
  }

  override start(): Promise<void> {
    return super.start("--config", this.#config);
  }

  get virsh(): Virsh {
    return new Virsh(this.uri("qemu"));
  }

  /** A file that only its owner may read. */
  async file(name: string): Promise<string> {
    const path = join(this.images, name);
    await writeFile(path, Buffer.alloc(DISK_BYTES), { mode: 0o600 });
    await chown(path, OWNER.uid, OWNER.gid);
    return path;
  }

  /** An image above another one. */
  async overlay(name: string, base: string): Promise<string> {
    const path = join(this.images, name);
    await outputOf("qemu-img", ["create", "-q", "-f", "qcow2", "-F", "raw", "-b", base, path]);
    await chown(path, OWNER.uid, OWNER.gid);
    return path;
  }

  async guestPid(name: string): Promise<number> {
    return Number(await readFile(join(this.root, "run/libvirt/qemu", `${name}.pid`), "utf8"));
  }

  /** What guests have at the moment, beside their logs. */
  async belongings(): Promise<string[]> {
    const all = (await readdir(this.root, { recursive: true })).sort();
    return all.filter((file) => /\/domain-|run\/libvirt\/qemu\/.*\.(xml|pid)$|run\/libvirt\/labels\/./.test(file));
  }
}

/** Owner of a file, and what libvirt's attributes say of it: the owner before, and the count. */
export async function ownershipOf(path: string): Promise<string> {
  const { uid, gid } = await stat(path);
  const { stdout } = await run("getfattr", ["-d", "-m", "^trusted.libvirt", "--absolute-names", "--", path]);
  const kept = ["dac", "ref_dac"].flatMap(
    (name) => new RegExp(`^trusted\\.libvirt\\.security\\.${name}="(.*)"`, "m").exec(stdout)?.[1] ?? [],
  );
  return [`${uid}:${gid}`, ...kept].join(" ");
}

export const FREE = `${OWNER.uid}:${OWNER.gid}`;
/** A file that `count` guests use that are this user. */
export const usedBy = (owner: string, count: number) => `${owner} +${OWNER.uid}:+${OWNER.gid} ${count}`;

/** Whether somebody has the lease of a file: the lock daemon's lock of the whole of it, which others cannot get then. */
export async function isLeased(path: string): Promise<boolean> {
  const program = `import fcntl, sys
try: fcntl.lockf(open(sys.argv[1], "r+b"), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, 0)
except OSError: sys.exit(1)`;
  return (await runCommand("/usr/bin/python3", ["-c", program, path])).code === 1;
}

export interface LabelledGuest {
  /** Elements of disks' `<source>` by the paths of their images. */
  readonly disks: Readonly<Record<string, string>>;
  readonly format?: "raw" | "qcow2";
  readonly os?: string;
  readonly devices?: string;
  readonly seclabel?: string;
}

export function labelledXml(name: string, guest: LabelledGuest): string {
  const disks = Object.entries(guest.disks).map(
    ([path, inside], at) =>
      `<disk type='file'><driver name='qemu' type='${guest.format ?? "raw"}'/><source file='${path}'>${inside}</source><target dev='hd${"abcd"[at]}' bus='ide'/></disk>`,
  );
  return `<domain type='qemu'>
  <name>${name}</name>
  <memory unit='MiB'>32</memory>
  <os><type arch='x86_64' machine='pc'>hvm</type>${guest.os ?? ""}</os>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    ${disks.join("\n    ")}
    <controller type='usb' model='none'/>
    ${guest.devices ?? ""}
    <memballoon model='none'/>
  </devices>
  ${guest.seclabel ?? ""}
</domain>`;
}
