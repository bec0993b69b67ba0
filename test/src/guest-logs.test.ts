import { chmod, mkdir, mkdtemp, readdir, readFile, readlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { program, testWith } from "./harness/needs.js";
import { Polyvisord } from "./harness/polyvisord.js";
import { until } from "./harness/processes.js";
import { project } from "./harness/project.js";
import { Virsh } from "./harness/virsh.js";

const NEEDS = [
  await program("virsh"),
  await program("qemu-system-x86_64"),
  { name: "only root may give files away", met: process.getuid?.() === 0, kind: "kernel" } as const,
];

const OWNER = 1234;
const MANAGED = 'log_manager = "log-logd"\n';
const CONFIG = `
plugins = [ "${join(project, "examples/security-owner")}" ]
security_drivers = [ "security-owner" ]
`;
/** A boot sector that says on the first serial port what follows it, and halts. */
const TALK = Buffer.from("fafc31c08ed8be177cbaf803ac84c07403eeebf8f4ebfd", "hex");
const WORDS = "the guest speaks\n";

/** A daemon whose guests' logs go to a log daemon, and whose guests are nobody in particular. */
class LoggedDaemon extends Polyvisord {
  static async make(): Promise<LoggedDaemon> {
    const root = await mkdtemp(join(tmpdir(), "polyvisord-logs-"));
    await chmod(root, 0o755);
    await mkdir(join(root, "var/lib/libvirt"), { recursive: true, mode: 0o755 });
    await mkdir(join(root, "private"), { mode: 0o700 });
    await writeFile(join(root, "talker.img"), imageOf(WORDS));
    return new LoggedDaemon(root);
  }

  /** Starts it with further settings; one that runs ends first. */
  async startWith(settings: string): Promise<void> {
    const path = join(this.root, "polyvisord.conf");
    await this.end("SIGTERM");
    await writeFile(path, CONFIG + settings);
    await this.start("--config", path);
  }

  get virsh(): Virsh {
    return new Virsh(this.uri("qemu"));
  }

  text(path: string): Promise<string> {
    return readFile(join(this.root, path), "utf8").catch(() => "");
  }

  log(name: string): Promise<string> {
    return this.text(`var/log/libvirt/qemu/${name}.log`);
  }

  /** What says on its serial port, in two files, the words of the image. */
  talker(serial: string, more = ""): string {
    return this.guest(
      "talker",
      `<disk type='file'><driver name='qemu' type='raw'/><source file='${this.root}/talker.img'/><target dev='hda' bus='ide'/></disk>
      <serial type='file'><source path='${this.root}/${serial}.txt'/><log file='${this.root}/${serial}.log' append='on'/></serial>
      ${more}`,
    );
  }

  async pidOf(name: string): Promise<number> {
    return Number(await this.text(`run/libvirt/${name}.pid`));
  }

  /** A guest with devices of a test's own. */
  guest(name: string, devices: string, more = ""): string {
    return `<domain type='qemu' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
  <name>${name}</name>
  <memory unit='MiB'>64</memory>
  <os><type arch='x86_64' machine='pc'>hvm</type></os>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <controller type='usb' model='none'/>
    ${devices}
    <memballoon model='none'/>
  </devices>
  <seclabel type='static' model='owner' relabel='yes'><label>+${OWNER}:+${OWNER}</label></seclabel>
  ${more}
</domain>`;
  }
}

function imageOf(words: string): Buffer {
  const image = Buffer.alloc(1 << 20);
  TALK.copy(image);
  image.write(words, TALK.length, "latin1");
  image.writeUInt16BE(0x55aa, 510);
  return image;
}

let shared: LoggedDaemon | undefined;

/** One daemon for all, which learns only once what the emulator can do. */
async function withLogs(body: (daemon: LoggedDaemon) => Promise<void>, settings = MANAGED): Promise<void> {
  shared ??= await LoggedDaemon.make();
  await shared.startWith(settings);
  await body(shared);
}

test.after.always(() => shared?.dispose());

/** What the descriptors of a process are. */
async function descriptorsOf(pid: number): Promise<string[]> {
  const names = await readdir(`/proc/${pid}/fd`);
  return Promise.all(names.map((name) => readlink(`/proc/${pid}/fd/${name}`).catch(() => "")));
}

testWith("files and logs of character devices are a log daemon's, also of a guest that may not open them", NEEDS, (t) =>
  withLogs(async (daemon) => {
    const { virsh, root } = daemon;
    const [output, log] = ["private/serial.txt", "private/serial.log"];
    await writeFile(join(root, output), "what was there\n");
    await writeFile(join(root, log), "what was there\n");
    const xml = daemon.talker(
      "private/serial",
      `<channel type='file'><source path='${root}/private/channel.txt' append='on'/><target type='virtio' name='org.test'/></channel>`,
    );
    await virsh.define(xml);
    await virsh.ok("start", "talker");
    await until("the guest's words", async () => (await daemon.text(log)).endsWith(WORDS));
    t.is(await daemon.text(log), `what was there\n${WORDS}`);
    t.is(await daemon.text(output), WORDS, "without append='on' a file begins anew");

    const emulator = await daemon.pidOf("qemu/talker");
    const guest = await descriptorsOf(emulator);
    t.deepEqual(
      guest.filter((each) => each.includes("private") || each.endsWith(".log")),
      [],
      "the guest has no file of its logs",
    );
    const keeper = await descriptorsOf(await daemon.pidOf("virtlogd"));
    for (const path of [output, log, "private/channel.txt", "var/log/libvirt/qemu/talker.log"])
      t.true(keeper.includes(join(root, path)), path);

    const { code, stderr } = await virsh.run("start", "talker");
    t.is(code, 1);
    t.regex(stderr, /already active/);
    process.kill(await daemon.pidOf("virtlogd"), "SIGKILL");
    await virsh.ok("destroy", "talker");
    await until("its end is told", async () => /: shutting down, reason=destroyed\n$/.test(await daemon.log("talker")));
    t.regex(await daemon.log("talker"), /^[^\n]*: starting up polyvisor version/);
    t.is((await daemon.log("talker")).match(/starting up/g)?.length, 1);
  }),
);

/** Why a guest does not start. One that is being started shows as active, and virsh does not even try. */
async function failure(virsh: Virsh, name: string): Promise<string> {
  for (;;) {
    const said = await virsh.fails("start", name);
    if (!/already (active|running)/.test(said)) return said;
  }
}

testWith("the error of a start that failed has the words of that guest and no others", NEEDS, (t) =>
  withLogs(async (daemon) => {
    const { virsh } = daemon;
    const names = ["one", "two"];
    for (const name of names) {
      const wrong = `<qemu:commandline><qemu:arg value='-device'/><qemu:arg value='nothing-${name}'/></qemu:commandline>`;
      await virsh.define(daemon.guest(name, "", wrong));
    }
    const starts = Array.from({ length: 4 }, (_, index) => names[index % 2] ?? "");
    const errors = await Promise.all(starts.map(async (name) => ({ name, said: await failure(virsh, name) })));
    for (const { name, said } of errors) {
      const words = `-device nothing-${name}: 'nothing-${name}' is not a valid device model name`;
      t.is(
        said.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z /g, ""),
        `error: Failed to start domain '${name}'\nerror: internal error: process exited while connecting to monitor: qemu-system-x86_64: ${words}`,
      );
    }
    for (const name of names) t.is((await daemon.log(name)).match(/is not a valid device model name/g)?.length, 2);
  }),
);

testWith("without a log manager the files of a guest that may not open them are opened for it", NEEDS, (t) =>
  withLogs(async (daemon) => {
    const { virsh, root } = daemon;
    for (const name of ["own.txt", "own.log"]) await writeFile(join(root, "private", name), "what was there\n");
    await virsh.run("undefine", "talker");
    await virsh.define(daemon.talker("private/own"));
    await virsh.ok("start", "talker");
    await until("the guest's words", async () => (await daemon.text("private/own.log")).endsWith(WORDS));
    t.is(await daemon.text("private/own.log"), `what was there\n${WORDS}`);
    t.is(await daemon.text("private/own.txt"), WORDS);
    await virsh.ok("destroy", "talker");

    await virsh.ok("undefine", "talker");
    await virsh.define(daemon.talker("nowhere/serial"));
    t.regex(await virsh.fails("start", "talker"), /failed to create logfile .*nowhere\/serial\.txt: /);
  }, ""),
);
