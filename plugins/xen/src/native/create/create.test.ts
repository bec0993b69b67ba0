import { VirtError } from "@polyvisor/core";
import test from "ava";
import { readGuest } from "../../testing/context.js";
import { formatXlDisk, formatXlNic, toXlCreate } from "../index.js";

function guest(type: string, devices: string, rest = ""): ReturnType<typeof readGuest> {
  return readGuest(`<domain type='xen'><name>x</name><uuid>0f3c21aa-5d0e-4f7e-9a2b-6d1d1f4f0a01</uuid>
    <memory>65537</memory><os><type>${type}</type></os>${rest}<devices>${devices}</devices></domain>`);
}

test("a guest that names nothing to boot starts pygrub, with memory by the MiB", (t) => {
  t.is(
    toXlCreate(guest("linux", "")),
    `name = "x"
uuid = "0f3c21aa-5d0e-4f7e-9a2b-6d1d1f4f0a01"
type = "pv"
maxmem = 65
memory = 65
maxvcpus = 1
vcpus = 1
localtime = 0
on_poweroff = "destroy"
on_reboot = "restart"
on_crash = "destroy"
bootloader = "pygrub"
`,
  );
});

test("what xl.cfg of libvirt does not say is there too", (t) => {
  const tuning = "<vcpu>2</vcpu><cputune><shares>512</shares><vcpupin vcpu='1' cpuset='0'/></cputune>";
  const lines = toXlCreate(guest("hvm", "<graphics type='vnc' port='5907'/><serial type='pty'/>", tuning)).split("\n");
  for (const line of [
    'cpus = [ "all", "0" ]',
    "cpu_weight = 512",
    "vncdisplay = 7",
    "vncunused = 0",
    'vga = "cirrus"',
    "videoram = 8",
    'serial = "pty"',
  ]) {
    t.true(lines.includes(line), line);
  }
});

test("a guest without a screen has no card, and one whose port is open gets any", (t) => {
  t.true(toXlCreate(guest("hvm", "")).includes('vnc = 0\nnographic = 1\nvga = "none"\n'));
  t.true(toXlCreate(guest("hvm", "<graphics type='vnc' autoport='yes'/>")).includes("vncunused = 1\n"));
  t.true(
    toXlCreate(guest("linux", "<graphics type='vnc' port='5901'/>")).includes(
      'vfb = [ "vnc=1,sdl=0,vncunused=0,vncdisplay=1" ]',
    ),
  );
});

test("quotes, backslashes and ends of lines are written as xl reads them", (t) => {
  const domain = guest("linux", "");
  const written = { ...domain, os: { ...domain.os, kernel: '/a"b\\c', cmdline: "x\n'y' ü" } };
  t.true(toXlCreate(written).includes(['kernel = "/a\\"b\\\\c"', "cmdline = \"x\\x0a'y' ü\""].join("\n")));
});

test("a clock may be behind its basis", (t) => {
  const text = toXlCreate(guest("hvm", "", "<clock offset='variable' adjustment='-60' basis='utc'/>"));
  t.true(text.includes('rtc_timeoffset = "-60"\n'));
});

test("the target of a disk may have commas, and nothing else of a list", (t) => {
  const [disk] = guest("linux", "<disk type='file'><source file='/a,b,'/><target dev='xvda'/></disk>").devices.disks;
  t.truthy(disk);
  if (disk === undefined) return;
  t.is(formatXlDisk(disk), "format=raw,vdev=xvda,access=rw,target=/a,b,,");
  for (const bad of [
    { ...disk, target: { ...disk.target, dev: "xvda,script=evil" } },
    { ...disk, backendDomain: "a,b" },
    { ...disk, source: { type: "file", path: "/a\nb" } as const },
  ]) {
    t.is(t.throws(() => formatXlDisk(bad), { instanceOf: VirtError }).code, "CONFIG_UNSUPPORTED");
  }
});

test("a card that is plugged in later is not emulated where nothing is said", (t) => {
  const domain = guest(
    "hvm",
    "<interface type='bridge'><mac address='00:16:3e:00:00:01'/><source bridge='b'/></interface>",
  );
  const [card] = domain.devices.interfaces;
  t.truthy(card);
  if (card === undefined) return;
  t.is(formatXlNic(card, domain), "mac=00:16:3e:00:00:01,bridge=b,type=ioemu");
  t.is(formatXlNic(card, domain, {}, "attach"), "mac=00:16:3e:00:00:01,bridge=b,type=vif");
  const evil = { ...card, script: "a,bridge=c" };
  t.is(t.throws(() => formatXlNic(evil, domain), { instanceOf: VirtError }).code, "CONFIG_UNSUPPORTED");
});

test("what Xen cannot do is refused in the words of libvirt's driver", (t) => {
  const disk = (driver: string, rest = ""): string =>
    `<disk type='file'><driver ${driver}/><source file='/a'/><target dev='hda'/>${rest}</disk>`;
  for (const [type, devices, rest, words] of [
    ["hvm", "<memballoon model='virtio'/>", "", "unsupported balloon device model 'virtio'"],
    ["hvm", "<memballoon model='none'/>", "", "balloon device cannot be disabled"],
    ["hvm", "<parallel type='pty'/>", "", "Parallel devices are not supported by libxl"],
    ["hvm", "<input type='keyboard' bus='usb'/>", "", "Unknown input device type"],
    [
      "hvm",
      "<graphics type='vnc'/><video><model type='vga' vram='1024'/></video>",
      "",
      "videoram must be at least 16MB for VGA",
    ],
    ["hvm", "<video><model type='virtio'/></video>", "", "video type virtio is not supported by libxl"],
    ["hvm", disk("name='phy' type='qcow2'"), "", "libxenlight does not support disk format qcow2 with disk driver phy"],
    ["hvm", disk("name='tape'"), "", "libxenlight does not support disk driver tape"],
    [
      "linux",
      "<interface type='ethernet'><model type='e1000'/></interface>",
      "",
      "only model 'netfront' is supported for Xen PV(H) domains",
    ],
    ["linux", "<interface type='user'/>", "", "unsupported interface type user"],
    ["linux", "<channel type='pty'><target type='xen'/></channel>", "", "channel target name missing"],
    [
      "linux",
      "<hostdev mode='subsystem' type='usb'><source><vendor id='0x1'/><product id='0x2'/></source></hostdev>",
      "",
      "failed to find USB device busnum:devnum for 1:2",
    ],
    [
      "hvm",
      "",
      "<cpu mode='host-passthrough'><feature policy='force' name='tape'/></cpu>",
      "unsupported cpu feature 'tape'",
    ],
    ["hvm", "", "<clock offset='timezone' timezone='UTC'/>", "unsupported clock offset 'timezone'"],
  ] as const) {
    const domain = guest(type, devices, rest);
    t.is(t.throws(() => toXlCreate(domain), { instanceOf: VirtError }).detail, words);
  }
});
