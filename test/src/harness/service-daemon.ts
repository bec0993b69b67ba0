import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { outputOf } from "./command.js";
import { Polyvisord } from "./polyvisord.js";
import { PrivateNetwork } from "./private-network.js";
import { project } from "./project.js";
import { Virsh } from "./virsh.js";

/** The example plugins that serve QEMU's driver. */
export const SERVICES = ["log-file", "lock-flock", "security-owner", "network-bridge"] as const;

const CONFIG = `
plugins = [ ${SERVICES.map((name) => `"${join(project, "examples", name)}"`).join(", ")} ]
log_manager = "log-file"
lock_manager = "lock-flock"
security_drivers = [ "security-owner" ]
network_driver = "network-bridge"
`;

/** A boot sector that says on the first serial port what follows it, and halts. */
const TALK = Buffer.from("fafc31c08ed8be177cbaf803ac84c07403eeebf8f4ebfd", "hex");
export const WORDS = "the guest speaks\n";
/** Firmware passes over disks that are smaller. */
const DISK_BYTES = 1 << 20;

/** Whom the guests of these tests are. */
export const OWNER = "1234:1235";

/** A daemon in a network namespace of its own, whose guests are served by the example plugins. */
export class ServiceDaemon extends Polyvisord {
  readonly #config: string;
  readonly #network: PrivateNetwork;

  private constructor(root: string, config: string, network: PrivateNetwork) {
    super(root, network.wrapper);
    this.#config = config;
    this.#network = network;
  }

  /** `more` are further lines of the daemon's configuration. */
  static async make(more: string): Promise<ServiceDaemon> {
    const root = await mkdtemp(join(tmpdir(), "polyvisord-services-"));
    // Guests are no longer root, and have to reach their own folder.
    await chmod(root, 0o755);
    await mkdir(join(root, "var/lib/libvirt"), { recursive: true, mode: 0o755 });
    const config = join(root, "polyvisord.conf");
    await writeFile(config, CONFIG + more);
    return new ServiceDaemon(root, config, await PrivateNetwork.make());
  }

  override start(): Promise<void> {
    return super.start("--config", this.#config);
  }

  override async dispose(): Promise<void> {
    await super.dispose();
    this.#network.close();
  }

  get virsh(): Virsh {
    return new Virsh(this.uri("qemu"));
  }

  /** Makes a disk that talks, which is root's and nobody else's. */
  async makeDisk(name: string): Promise<string> {
    const image = Buffer.alloc(DISK_BYTES);
    TALK.copy(image);
    image.write(WORDS, TALK.length, "latin1");
    image.writeUInt16BE(0x55aa, 510);
    const path = join(this.root, `${name}.img`);
    await writeFile(path, image, { mode: 0o600 });
    return path;
  }

  guestLog(name: string): Promise<string> {
    return readFile(join(this.root, "var/log/libvirt/qemu", `${name}.log`), "utf8");
  }

  async guestPid(name: string): Promise<number> {
    return Number(await readFile(join(this.root, "run/libvirt/qemu", `${name}.pid`), "utf8"));
  }

  /** What is plugged into a bridge. */
  membersOf(bridge: string): Promise<string> {
    const [command = "", ...words] = this.#network.wrapper;
    return outputOf(command, [...words, "ip", "-br", "link", "show", "master", bridge]);
  }

  /** The process of an isolated plugin. */
  async pluginPid(name: string): Promise<number> {
    const children = await readFile(`/proc/${this.pid}/task/${this.pid}/children`, "utf8");
    for (const pid of children.trim().split(" ").map(Number)) {
      const words = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
      if (words.endsWith(`\0${name}\0`)) return pid;
    }
    throw new Error(`plugin ${name} has no process`);
  }

  /** Keeps the security driver from changing any owner until the end of what it returns. */
  async lockOwners(): Promise<{ end(): void }> {
    const folder = join(this.root, "run/libvirt/security-owner");
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const holder = spawn("flock", [join(folder, "mutex"), "sh", "-c", "echo locked; cat"], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    await once(holder.stdout, "data");
    return { end: () => holder.stdin.end() };
  }

  /** What guests have at the moment beside their logs: files of theirs, and files that are theirs. */
  async belongings(): Promise<string[]> {
    const all = (await readdir(this.root, { recursive: true })).sort();
    const files = all.filter((file) => /\/domain-|run\/libvirt\/qemu\/.*\.(xml|pid)$|-bridge\/.*\/.*\.xml$/.test(file));
    const owned = all.filter((file) => /^run\/libvirt\/security-owner\/.+/.test(file) && !file.endsWith("/mutex"));
    return [...files, ...owned];
  }
}

export async function ownerOf(path: string): Promise<string> {
  const { uid, gid } = await stat(path);
  return `${uid}:${gid}`;
}

export interface ServedGuest {
  /** Of the disk that it boots from. */
  readonly disk: string;
  readonly network?: string;
  /** The key of a lease. */
  readonly lease?: string;
  readonly label?: string;
  /** Elements of `<os>`. */
  readonly os?: string;
}

/** A guest that uses all of the services and talks into its log. */
export function servedXml(
  name: string,
  { disk, network, lease, label = `+${OWNER.replace(":", ":+")}`, os }: ServedGuest,
) {
  return `<domain type='qemu'>
  <name>${name}</name>
  <memory unit='MiB'>64</memory>
  <os><type arch='x86_64' machine='pc'>hvm</type>${os ?? ""}</os>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <disk type='file'><driver name='qemu' type='raw'/><source file='${disk}'/><target dev='hda' bus='ide'/></disk>
    <controller type='usb' model='none'/>
    ${lease === undefined ? "" : `<lease><lockspace>tests</lockspace><key>${lease}</key><target path='/leases' offset='0'/></lease>`}
    ${network === undefined ? "" : `<interface type='network'><source network='${network}'/><model type='e1000'/></interface>`}
    <serial type='stdio'/>
    <memballoon model='none'/>
  </devices>
  <seclabel type='static' model='owner' relabel='yes'><label>${label}</label></seclabel>
</domain>`;
}
