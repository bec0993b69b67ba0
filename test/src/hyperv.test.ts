import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ExecutionContext } from "ava";
import { runCommand } from "./harness/command.js";
import { hypervCredentials, startHypervStandIn } from "./harness/hyperv.js";
import { printedBy, scriptOf } from "./harness/marked-script.js";
import { program, testWith } from "./harness/needs.js";
import { type Polyvisord, startPolyvisord } from "./harness/polyvisord.js";
import { Virsh } from "./harness/virsh.js";

const VIRSH = [await program("virsh")];

const PATIENCE_MS = 300_000;
const USER = "admin";
const PASSWORD = "geheim";

const MACHINE = `<domain type='hyperv'><name>box</name>
  <description>a "quoted" &lt;machine></description>
  <maxMemory slots='1' unit='MiB'>4096</maxMemory><memory unit='MiB'>511</memory><vcpu>2</vcpu>
  <os><type arch='x86_64'>hvm</type></os>
  <devices>
    <controller type='scsi' index='0'/>
    <disk type='file' device='disk'><source file='C:\\vms\\it&apos;s.vhdx'/><target dev='sda' bus='scsi'/></disk>
    <disk type='file' device='cdrom'><source file='C:\\iso\\cd.iso'/><target dev='hda' bus='ide'/></disk>
    <interface type='network'><mac address='00:15:5d:00:00:01'/><source network='External'/></interface>
    <serial type='pipe'><source path='\\\\.\\pipe\\box'/><target port='1'/></serial>
  </devices></domain>`;

const FILES = {
  machine: MACHINE,
  usb: MACHINE.replace("bus='scsi'", "bus='usb'"),
  lost: MACHINE.replace("network='External'", "network='Internal'"),
  card: "<interface type='bridge'><mac address='00:15:5d:00:00:02'/><source bridge='External'/></interface>",
  disk: "<disk type='file' device='disk'><source file='C:\\vms\\more.vhdx'/><target dev='sdb' bus='scsi'/></disk>",
  port: "<serial type='pipe'><source path='\\\\.\\pipe\\more'/><target port='2'/></serial>",
  watchdog: "<watchdog model='i6300esb'/>",
};

/** Words of virsh behind each other, and what each prints, errors included. */
const SCRIPT: readonly (readonly [string, RegExp])[] = [
  ["version", /^Running hypervisor: Hyper-V 1000\.17\.763$/m],
  ["hostname", /^standin$/m],
  ["capabilities", /<uuid>4c4c4544-0051-5910-8056-b4c04f4e4b32<\/uuid>[\s\S]*<domain type='hyperv'\/>/],
  ["maxvcpus", /^64$/m],
  ["nodeinfo", /^CPU model: +Paper CPU\nCPU\(s\): +2\nCPU frequency: +2000 MHz/m],
  ["freecell", /4194304 KiB/],
  ["list --all --name", /^$/],
  ["define <usb>", /Unsupported controller type 'usb'/],
  ["define <lost>", /Could not retrieve virtual switch 'Internal'/],
  ["list --all --name", /^$/],
  ["define <machine>", /^Domain 'box' defined/m],
  ["list --all", /^ - +box +shut off$/m],
  ["list --all --autostart --name", /^$/],
  ["domid box", /^-$/m],
  ["domid nobody", /failed to get domain 'nobody'/],
  ["domstate 11111111-2222-3333-4444-555555555555", /failed to get domain/],
  ["domstate 17", /failed to get domain '17'/],
  ["dominfo box", /^CPU\(s\): +2\n+Max memory: +4194304 KiB\nUsed memory: +524288 KiB\nPersistent: +yes/m],
  ["dumpxml box", /<description>a &quot;quoted&quot; &lt;machine&gt;<\/description>/],
  ["dumpxml box", /<source file='C:\\vms\\it&apos;s\.vhdx'\/>\s*<target dev='sda' bus='scsi'\/>/],
  [
    "dumpxml box",
    /<disk type='file' device='cdrom'>\s*<source file='C:\\iso\\cd\.iso'\/>\s*<target dev='hda' bus='ide'\/>/,
  ],
  ["dumpxml box", /<mac address='00:15:5d:00:00:01'\/>\s*<source bridge='A6E0BE1F-5C5A-4A9B-A1A2-3F1C8A1E5B01'\/>/],
  ["dumpxml box", /<source path='\\\\\.\\pipe\\box'\/>\s*<target port='1'\/>/],
  ["autostart box", /marked as autostarted/],
  ["list --all --autostart --name", /^box$/m],
  ["autostart box --disable", /unmarked as autostarted/],
  ["setmem box 262144 --config", /^$/],
  ["setmem box 262144 --live", /not running/],
  ["setmem box 262145 --current", /^$/],
  ["setmaxmem box 2097152 --config", /^$/],
  ["setvcpus box 3 --config", /^$/],
  ["setvcpus box 4 --current", /^$/],
  ["dominfo box", /^CPU\(s\): +4\nMax memory: +2097152 KiB\nUsed memory: +264192 KiB$/m],
  ["vcpucount box --current", /^4$/m],
  ["vcpucount box --maximum --live", /Domain is not active/],
  ["vcpuinfo box", /^State: +offline$/m],
  ["schedinfo box", /^Scheduler +: allocation\nlimit +: 100000\nreservation +: 0\nweight +: 100$/m],
  ["attach-device box <card>", /attached successfully/],
  ["attach-device box <disk>", /attached successfully/],
  ["attach-device box <port>", /attached successfully/],
  ["attach-device box <watchdog>", /Attaching devices of type watchdog is not implemented/],
  ["domblklist box", /^ sdb +C:\\vms\\more\.vhdx$/m],
  ["domiflist box", /00:15:5d:00:00:02/],
  ["suspend box", /Domain is not active/],
  ["resume box", /Domain is not paused/],
  ["destroy box", /Domain is not active/],
  ["start box", /^Domain 'box' started$/m],
  ["start box", /already active/],
  ["list", /^ \d+ +box +running$/m],
  ["domstate box --reason", /^running/m],
  ["undefine box", /Invocation of DestroySystem returned an error: Invalid state for this operation \(32775\)/],
  ["screenshot box FOLDER/screen.ppm", /saved to FOLDER\/screen\.ppm, with type of image\/x-portable-pixmap/],
  ["send-key box KEY_LEFTCTRL KEY_LEFTALT KEY_DELETE", /^$/],
  ["send-key box --codeset win32 65", /^$/],
  ["send-key box --codeset usb 4", /cannot translate keycode 4/],
  ["suspend box", /^Domain 'box' suspended$/m],
  ["domstate box", /^paused$/m],
  ["resume box", /^Domain 'box' resumed$/m],
  ["reboot box", /^Domain 'box' is being rebooted$/m],
  ["reset box", /^Domain 'box' was reset$/m],
  ["managedsave box", /^Domain 'box' state saved by libvirt$/m],
  ["list --all --with-managed-save --name", /^box$/m],
  ["dominfo box", /^Managed save: +yes$/m],
  ["managedsave-remove box", /^Removed managedsave image for domain 'box'$/m],
  ["start box", /^Domain 'box' started$/m],
  ["shutdown box", /^Domain 'box' is being shutdown$/m],
  ["domstate box", /^shut off$/m],
  ["shutdown box", /not active/],
  ["start box", /^Domain 'box' started$/m],
  ["destroy box", /^Domain 'box' destroyed$/m],
  ["undefine box", /^Domain 'box' has been undefined$/m],
  ["net-list --all", /^ External +active +yes +yes$/m],
  [
    "net-info External",
    /^UUID: +a6e0be1f-5c5a-4a9b-a1a2-3f1c8a1e5b01\nActive: +yes\nPersistent: +yes\nAutostart: +yes$/m,
  ],
  ["net-name a6e0be1f-5c5a-4a9b-a1a2-3f1c8a1e5b01", /^External$/m],
  ["net-dumpxml External", /<name>External<\/name>/],
  ["net-list --inactive --name", /^$/],
  ["net-info Internal", /No network found with property 'ElementName' = 'Internal'/],
];

const hyperv = (daemon: Polyvisord, port: number, more = ""): string =>
  `hyperv+unix:///?socket=${daemon.socket}&name=${encodeURIComponent(`hyperv://${USER}@127.0.0.1:${port}/?transport=http${more}`)}`;

/** A daemon whose operator has written down the password for Hyper-V's servers. */
async function daemonKnowing(t: ExecutionContext, password: string, more = ""): Promise<[Polyvisord, string]> {
  const folder = await mkdtemp(join(tmpdir(), "hyperv-"));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, "auth.conf");
  await writeFile(file, hypervCredentials(USER, password));
  const daemon = await startPolyvisord([], { hyperv: `auth_file = ${JSON.stringify(file)}\n${more}` });
  t.teardown(() => daemon.dispose());
  return [daemon, folder];
}

for (const login of ["Basic", "Negotiate"] as const) {
  testWith(`virsh drives a stand-in for Hyper-V, logged in by ${login}`, VIRSH, async (t) => {
    t.timeout(PATIENCE_MS);
    const [daemon, folder] = await daemonKnowing(t, PASSWORD);
    // pages this small make every list come in parts
    const standIn = await startHypervStandIn({ user: USER, password: PASSWORD, logins: [login], pageSize: 2 });
    t.teardown(() => standIn.close());
    for (const [name, text] of Object.entries(FILES)) await writeFile(join(folder, `${name}.xml`), text);
    const filled = scriptOf(SCRIPT.map(([command]) => command))
      .replaceAll("FOLDER", folder)
      .replace(/<(\w+)>/g, (_, name: string) => join(folder, `${name}.xml`));
    const run = ["-c", 'exec virsh -c "$0" "$1" 2>&1', hyperv(daemon, standIn.port), filled];
    const { stdout } = await runCommand("sh", run, { timeout: PATIENCE_MS });
    const told = printedBy(stdout.replaceAll(folder, "FOLDER"));
    const says = SCRIPT.map(([command, wanted], at) => ({ command, wanted, said: told[at]?.trim() ?? "" }));
    t.deepEqual(
      says.filter(({ wanted, said }) => !wanted.test(said)),
      [],
    );
    const pressed = ["PressKey 162", "PressKey 164", "PressKey 46"];
    const released = pressed.map((each) => each.replace("Press", "Release"));
    t.deepEqual(standIn.world.typed, [...pressed, ...released, "PressKey 65", "ReleaseKey 65"]);
    const picture = await readFile(join(folder, "screen.ppm"));
    t.deepEqual(picture, Buffer.concat([Buffer.from("P6\n8 4\n255\n"), Buffer.alloc(96, Buffer.from([255, 0, 0]))]));
  });
}

testWith(
  "a stand-in for Hyper-V that cannot be used is an error in time, and keeps nobody else waiting",
  VIRSH,
  async (t) => {
    t.timeout(PATIENCE_MS);
    const [daemon] = await daemonKnowing(t, "wrong", "timeout = 12\n");
    const standIn = await startHypervStandIn({ user: USER, password: PASSWORD });
    t.teardown(() => standIn.close());
    const sockets = new Set<Socket>();
    const mute = createServer((socket) => void sockets.add(socket.on("error", () => {}).resume()));
    const babbling = createServer((socket) => {
      socket.on("error", () => {}).once("data", () => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"));
    });
    for (const server of [mute, babbling]) {
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      t.teardown(() => server.close());
    }
    t.teardown(() => {
      for (const socket of sockets) socket.destroy();
    });
    const portOf = (server: typeof mute) => (server.address() as AddressInfo).port;
    const gone = createServer();
    await new Promise<void>((resolve) => gone.listen(0, "127.0.0.1", resolve));
    const free = portOf(gone);
    await new Promise((resolve) => gone.close(resolve));

    const silent = new Virsh(hyperv(daemon, portOf(mute))).fails("list", "--all");
    const others: readonly (readonly [string, RegExp])[] = [
      [hyperv(daemon, free), /Transport error during enumeration: Couldn't connect to server \(7\)/],
      [hyperv(daemon, standIn.port), /Unexpected HTTP response during enumeration: 401/],
      [hyperv(daemon, portOf(babbling)), /WS-Management response/],
      [hyperv(daemon, free, "&no_verify=2"), /Query parameter 'no_verify' has unexpected value '2'/],
    ];
    for (const [uri, complaint] of others) t.regex(await new Virsh(uri).fails("list", "--all"), complaint);
    t.regex(await new Virsh(daemon.uri("test")).ok("list"), / 1 +test +running/);
    t.regex(await silent, /Transport error during enumeration: Operation timed out after 12000 milliseconds/);
  },
);
