import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "./harness/command.js";
import { printedBy, scriptOf } from "./harness/marked-script.js";
import { program, testWith } from "./harness/needs.js";
import { startPolyvisord, withPolyvisord } from "./harness/polyvisord.js";
import { serveStandIn } from "./harness/vboxmanage.js";
import { Virsh } from "./harness/virsh.js";

const VIRSH = [await program("virsh")];

const PATIENCE_MS = 300_000;

const MACHINE = `<domain type='vbox'><name>box</name><uuid>11111111-2222-3333-4444-555555555555</uuid>
  <description>a "quoted" \\ machine</description>
  <memory unit='MiB'>256</memory><vcpu>2</vcpu>
  <os><type arch='x86_64'>hvm</type><boot dev='hd'/><boot dev='network'/></os>
  <features><acpi/><apic/></features>
  <devices>
    <controller type='sata' index='0'/><controller type='ide' index='0' model='piix4'/><controller type='scsi' index='0' model='lsisas1068'/>
    <disk type='file' device='disk'><source file='FOLDER/disk.vdi'/><target dev='sda' bus='sata'/></disk>
    <disk type='file' device='cdrom'><target dev='hda' bus='ide'/><readonly/></disk>
    <filesystem type='mount'><source dir='FOLDER'/><target dir='shared'/></filesystem>
    <interface type='bridge'><mac address='08:00:27:00:00:01'/><source bridge='eth0'/><model type='82540em'/></interface>
    <interface type='user'><mac address='08:00:27:00:00:02'/></interface>
    <serial type='file'><source path='FOLDER/serial'/><target port='0'/></serial>
    <graphics type='rdp' port='3390' multiUser='yes'><listen type='address' address='127.0.0.1'/></graphics>
    <video><model type='vbox' vram='16384' heads='2'/></video>
  </devices></domain>`;

const FILES = {
  machine: MACHINE,
  same: MACHINE.replace("<uuid>11111111", "<uuid>21111111"),
  usb: MACHINE.replace("<name>box<", "<name>other<")
    .replace("1111-2222", "1112-2222")
    .replace("bus='sata'", "bus='usb'"),
  share: "<filesystem type='mount'><source dir='/srv'/><target dir='more'/></filesystem>",
  card: "<interface type='network'><mac address='08:00:27:00:00:03'/><source network='vboxnet0'/></interface>",
  medium:
    "<disk type='file' device='cdrom'><source file='FOLDER/cd.iso'/><target dev='hda' bus='ide'/><readonly/></disk>",
  watchdog: "<watchdog model='i6300esb'/>",
  network:
    "<network><name>mine</name><ip address='192.168.56.1' netmask='255.255.255.0'><dhcp><range start='192.168.56.10' end='192.168.56.20'/></dhcp></ip></network>",
  nat: "<network><name>out</name><forward mode='nat'/><ip address='10.9.0.0' prefix='24'/></network>",
  volume:
    "<volume><name>more.vmdk</name><capacity unit='MiB'>20</capacity><target><format type='vmdk'/></target></volume>",
};

/** Words of virsh behind each other, and what each prints, errors included. */
const SCRIPT: readonly (readonly [string, RegExp])[] = [
  ["version", /^Running hypervisor: VBOX 7\.0\.10$/m],
  ["capabilities", /<domain type='vbox'\/>/],
  ["maxvcpus", /^64$/m],
  ["nodeinfo", /^CPU model: +x86_64$/m],
  ["list --all --name", /^$/],
  ["define <machine>", /^Domain 'box' defined/m],
  ["define <same>", /domain 'box' is already defined with uuid 11111111-2222/],
  ["define <usb>", /The vbox driver does not support usb bus type/],
  ["define <machine>", /^Domain 'box' defined/m],
  ["list --all", /^ - +box +shut off$/m],
  ["domid box", /^-$/m],
  ["dominfo box", /^Max memory: +262144 KiB$/m],
  ["domuuid box", /^11111111-2222-3333-4444-555555555555$/m],
  ["domstate nobody", /failed to get domain 'nobody'/],
  ["vcpucount box --maximum --config", /^2$/m],
  ["setvcpus box 1 --config", /^$/],
  ["setmem box 131072 --config", /^$/],
  ["setmaxmem box 131072 --config", /^$/],
  ["attach-device box <watchdog> --config", /Unsupported device type watchdog/],
  ["attach-device box <share> --config", /attached successfully/],
  ["attach-device box <card> --config", /attached successfully/],
  ["update-device box <medium> --config", /updated successfully/],
  ["dumpxml box", /<source file='FOLDER\/cd\.iso'\/>/],
  ["detach-device box <card> --config", /detached successfully/],
  ["detach-device box <share> --config", /detached successfully/],
  ["snapshot-create-as box first 'as it was'", /^Domain snapshot first created$/m],
  ["snapshot-create-as box second", /^Domain snapshot second created$/m],
  ["snapshot-list box --tree", /^first\n +\|\n +\+- second$/m],
  ["snapshot-current box --name", /^second$/m],
  ["snapshot-info box second", /^Parent: +first$/m],
  ["snapshot-dumpxml box first", /<description>as it was<\/description>/],
  ["snapshot-parent box first", /snapshot 'first' has no parent/],
  ["snapshot-revert box first", /^Domain snapshot first reverted$/m],
  ["snapshot-delete box second", /^Domain snapshot second deleted$/m],
  ["start box", /^Domain 'box' started$/m],
  ["start box", /Domain is already active|machine is not in poweroff/],
  ["list", /^ 1 +box +running$/m],
  ["dumpxml box", /<domain type='vbox' id='1'>/],
  ["snapshot-revert box first", /cannot revert snapshot of running domain/],
  ["attach-device box <share> --live", /attached successfully/],
  ["detach-device box <share> --live", /detached successfully/],
  ["screenshot box FOLDER/screen.png", /saved to FOLDER\/screen\.png, with type of image\/png/],
  ["send-key box KEY_LEFTCTRL KEY_LEFTALT KEY_DELETE", /^$/],
  ["send-key box --codeset usb 4", /cannot translate keycode 4/],
  ["suspend box", /^Domain 'box' suspended$/m],
  ["domstate box", /^paused$/m],
  ["shutdown box", /machine paused, so can't power it down/],
  ["resume box", /^Domain 'box' resumed$/m],
  ["reboot box", /^Domain 'box' is being rebooted$/m],
  ["reset box", /^Domain 'box' was reset$/m],
  ["undefine box", /cannot delete the domain while it runs/],
  ["managedsave box", /^Domain 'box' state saved by libvirt$/m],
  ["list --all --with-managed-save --name", /^box$/m],
  ["managedsave-remove box", /^Removed managedsave image for domain 'box'$/m],
  ["start box", /^Domain 'box' started$/m],
  ["shutdown box", /^Domain 'box' is being shutdown$/m],
  ["domstate box", /^shut off$/m],
  ["destroy box", /domain is not running|machine already powered down/],
  ["snapshot-delete box first --children", /^Domain snapshot first deleted$/m],
  ["undefine box", /^Domain 'box' has been undefined$/m],
  ["create <machine>", /^Domain 'box' created from/m],
  ["destroy box", /^Domain 'box' destroyed$/m],
  ["net-define <network>", /^Network vboxnet0 defined from/m],
  ["net-list --all", /^ vboxnet0 +active +no +yes$/m],
  ["net-dumpxml vboxnet0", /<range start='192\.168\.56\.10' end='192\.168\.56\.20'\/>/],
  ["net-define <nat>", /^Network out defined from/m],
  ["net-start out", /^Network out started$/m],
  ["net-info out", /^Active: +yes$/m],
  ["net-destroy out", /^Network out destroyed$/m],
  ["net-list --inactive --name", /^out$/m],
  ["net-undefine out", /^Network out has been undefined$/m],
  ["net-create <nat>", /^Network out created from/m],
  ["net-undefine vboxnet0", /^Network vboxnet0 has been undefined$/m],
  ["net-info vboxnet0", /failed to get network 'vboxnet0'/],
  ["pool-list --name", /^default-pool$/m],
  ["pool-info default-pool", /^State: +running$/m],
  ["pool-dumpxml default-pool", /<pool type='dir'>/],
  ["vol-create default-pool <volume>", /^Vol more\.vmdk created from/m],
  ["vol-list default-pool", /more\.vmdk +\S*\/more\.vmdk/],
  ["vol-info more.vmdk default-pool", /^Capacity: +20\.00 MiB$/m],
  ["vol-dumpxml more.vmdk default-pool", /<format type='vmdk'\/>/],
  ["vol-delete disk.vdi default-pool", /still attached to 1 virtual machines/],
  ["vol-delete more.vmdk default-pool", /^Vol more\.vmdk deleted$/m],
  ["vol-path more.vmdk default-pool", /no storage vol with matching path 'more\.vmdk'/],
];

testWith("virsh drives a made-up VirtualBox, whatever language its user speaks", VIRSH, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "vbox-"));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const standIn = await serveStandIn(folder);
  t.teardown(() => standIn.close());
  await Promise.all(["disk.vdi", "cd.iso"].map((name) => writeFile(join(folder, name), "")));
  for (const [name, text] of Object.entries(FILES))
    await writeFile(join(folder, `${name}.xml`), text.replaceAll("FOLDER", folder));
  const german = ["env", "LANG=de_DE.UTF-8", "LC_ALL=de_DE.UTF-8"];
  const settings = { vbox: `vboxmanage = ${JSON.stringify(standIn.program)}\n` };
  await withPolyvisord(
    async (daemon) => {
      const script = scriptOf(SCRIPT.map(([command]) => command));
      const filled = script
        .replaceAll("FOLDER", folder)
        .replace(/<(\w+)>/g, (_, name: string) => join(folder, `${name}.xml`));
      const run = ["-c", 'exec virsh -c "$0" "$1" 2>&1', daemon.uri("vbox"), filled];
      const { stdout } = await runCommand("sh", run, { timeout: PATIENCE_MS });
      const told = printedBy(stdout.replaceAll(folder, "FOLDER"));
      const says = SCRIPT.map(([command, wanted], at) => ({ command, wanted, said: told[at]?.trim() ?? "" }));
      t.deepEqual(
        says.filter(({ wanted, said }) => !wanted.test(said)),
        [],
      );
    },
    german,
    settings,
  );
  const { typed } = JSON.parse(await readFile(join(folder, "virtualbox/world.json"), "utf8")) as { typed: string[] };
  t.is(typed.join(" "), "1d 38 e0 53 9d b8 e0 d3", "the keys were pressed and let go");
});

const UNAVAILABLE: readonly (readonly [what: string, script: string, complaint: RegExp])[] = [
  ["does not answer", "exec sleep 1000", /VBoxManage did not answer within 1 s/],
  ["breaks off", "echo nonsense; exit 70", /VBoxManage ended with status 70/],
  ["is refused", 'echo "VBoxManage: error: no rights" >&2; exit 1', /internal error: no rights/],
  ["is gone", "", /unable to initialize VirtualBox driver API/],
];

testWith("a VBoxManage that cannot be used is an error in time, and keeps nobody else waiting", VIRSH, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "vbox-"));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, "VBoxManage");
  const daemon = await startPolyvisord([], { vbox: `vboxmanage = ${JSON.stringify(path)}\ntimeout = 1\n` });
  try {
    const [vbox, other] = [new Virsh(daemon.uri("vbox")), new Virsh(daemon.uri("test"))];
    for (const [what, script, complaint] of UNAVAILABLE) {
      await rm(path, { force: true });
      if (script !== "") await writeFile(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
      const failing = vbox.fails("list", "--all");
      t.regex(await other.ok("list"), / 1 +test +running/, what);
      t.regex(await failing, complaint, what);
    }
  } finally {
    await daemon.dispose();
  }
});
