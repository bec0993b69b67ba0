import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DomainHooks, parseDomain } from "@polyvisor/sdk/conf/domain";
import { domainTargets, target } from "@polyvisor/sdk/labels";
import test from "ava";
import { profileText, rulesText } from "./profile.js";
import { rulesOf } from "./target-rules.js";

const hasParser = spawnSync("apparmor_parser", ["--version"]).status === 0;
const withParser = hasParser ? test : test.skip;
const why = hasParser ? "" : " (apparmor_parser is not installed)";

const TERMS = {
  profile: "libvirt-c7a5fdbd-edaf-9455-926a-d65c16db1809",
  guest: "g1",
  logFolder: "/var/log/libvirt",
  runFolder: "/run/libvirt",
  emulators: [],
};

interface Row {
  readonly what: string;
  /** Inside `<domain>`; devices by themselves. */
  readonly os?: string;
  readonly devices?: string;
  /** Rules that there must be, and the others that there may not. */
  readonly rules: readonly string[];
  readonly terms?: Partial<typeof TERMS> & { readonly manager?: string };
}

const CHAIN = `<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='/images/top.qcow2'/>
<backingStore type='file'><format type='qcow2'/><source file='/images/middle.qcow2'/>
<backingStore type='block'><format type='raw'/><source dev='/dev/vg/base'/><backingStore/></backingStore></backingStore>
<target dev='vda' bus='virtio'/></disk>`;
const disk = (path: string, more = "") =>
  `<disk type='file' device='disk'><source file="${path}"/><target dev='vda' bus='virtio'/>${more}</disk>`;

const ROWS: readonly Row[] = [
  { what: "nothing", rules: [] },
  { what: "a disk", devices: disk("/images/a.img"), rules: ['"/images/a.img" rwk,'] },
  {
    what: "a disk that is only read",
    devices: disk("/images/a.img", "<readonly/>"),
    rules: ['"/images/a.img" rk,', 'deny "/images/a.img" w,'],
  },
  {
    what: "a chain of images",
    devices: CHAIN,
    rules: [
      '"/images/top.qcow2" rwk,',
      '"/images/middle.qcow2" rk,',
      'deny "/images/middle.qcow2" w,',
      '"/dev/vg/base" rk,',
      'deny "/dev/vg/base" w,',
    ],
  },
  {
    what: "a disk that keeps its label",
    devices: `<disk type='file' device='disk'><source file='/images/own.img'><seclabel model='apparmor' relabel='no'/></source>
<target dev='vda'/></disk>`,
    rules: ['"/images/own.img" rwk,'],
  },
  {
    what: "names with everything that patterns know",
    devices: disk(`/images/*?[a]{b,c}^d@{HOME}\\e'f&quot; g`),
    rules: [`"/images/\\*\\?\\[a\\]\\{b\\,c\\}\\^d@\\{HOME\\}\\134\\134e'f\\042 g" rwk,`],
  },
  {
    what: "kernel, initial RAM disk and device tree",
    os: "<kernel>/boot/vmlinuz</kernel><initrd>/boot/initrd</initrd><dtb>/boot/a.dtb</dtb>",
    rules: ["/boot/vmlinuz", "/boot/initrd", "/boot/a.dtb"].flatMap((path) => [`"${path}" r,`, `deny "${path}" w,`]),
  },
  {
    what: "firmware and its variables",
    os: "<loader readonly='yes' type='pflash'>/fw/CODE.fd</loader><nvram>/nvram/g1_VARS.fd</nvram>",
    rules: ['"/fw/CODE.fd" rk,', 'deny "/fw/CODE.fd" w,', '"/nvram/g1_VARS.fd" rwk,'],
  },
  {
    what: "serial ports, consoles and channels",
    devices: `<serial type='file'><source path='/log/console.log'/></serial>
<serial type='pipe'><source path='/run/pipe'/></serial><serial type='dev'><source path='/dev/ttyS1'/></serial>
<channel type='unix'><source mode='bind' path='/run/agent.sock'/><target type='virtio' name='a'/></channel>
<serial type='tcp'><source mode='bind' host='127.0.0.1' service='2445'/></serial>`,
    rules: [
      '"/log/console.log" rw,',
      '"/run/pipe" rw,',
      '"/run/pipe.in" rw,',
      '"/run/pipe.out" rw,',
      '"/dev/ttyS1" rw,',
      '"/run/agent.sock" rw,',
    ],
  },
  {
    what: "input devices, a TPM, persistent memory",
    devices: `<input type='evdev'><source dev='/dev/input/event3'/></input>
<tpm model='tpm-tis'><backend type='passthrough'><device path='/dev/tpm0'/></backend></tpm>
<memory model='nvdimm'><source><path>/images/nvdimm</path></source><target><size unit='MiB'>512</size></target></memory>`,
    rules: [
      '"/dev/input/event3" rw,',
      '"/dev/tpm0" rw,',
      '"/images/nvdimm" rwk,',
      '"/images/nvdimm/" rwlk,',
      '"/images/nvdimm/**" rwlk,',
    ],
  },
  {
    what: "folders of the host, in both ways",
    devices: `<filesystem type='mount'><source dir='/srv/rw'/><target dir='a'/></filesystem>
<filesystem type='mount'><source dir='/srv/ro'/><target dir='b'/><readonly/></filesystem>
<filesystem type='mount'><driver type='virtiofs'/><source dir='/srv/virtiofs'/><target dir='c'/></filesystem>`,
    rules: ['"/srv/rw/" rwl,', '"/srv/rw/**" rwl,', '"/srv/ro/" r,', '"/srv/ro/**" r,'],
  },
  {
    what: "sockets of other programs, shared memory, screens",
    devices: `<interface type='vhostuser'><source type='unix' path='/run/vhost.sock' mode='client'/><model type='virtio'/></interface>
<shmem name='mine'><model type='ivshmem-plain'/><size unit='M'>4</size></shmem>
<video><model type='vga'/></video><graphics type='vnc'><listen type='socket' socket='/run/vnc.sock'/></graphics>
<graphics type='egl-headless'><gl rendernode='/dev/dri/renderD128'/></graphics>`,
    rules: [
      '"/run/vhost.sock" rwk,',
      '"/dev/shm/mine" rwk,',
      '"/run/vnc.sock" rwk,',
      '"/dev/dri/renderD128" rwk,',
      '"/dev/dri/" r,',
    ],
  },
  {
    what: "a manager that is confined itself, another emulator, an odd name",
    terms: { manager: "/usr/bin/node", emulators: ["/opt/qemu dir/qemu"] as never, guest: 'a"b*c{d' },
    rules: [],
  },
];

for (const { what, os = "", devices = "", rules, terms = {} } of ROWS) {
  test(`a profile names what the guest reaches, and no more: ${what}`, async (t) => {
    const targets = await targetsOf(os, devices);
    const made = rulesOf(targets);
    for (const rule of rules) t.true(made.includes(rule), `${rule} is not among\n${made.join("\n")}`);
    // What a path needs beside its own rule comes with it.
    const others = made.filter((rule) => !rules.includes(rule) && !/dri|drirc|glvnd|nvidia|sys\/devices/.test(rule));
    t.deepEqual(others, []);
  });

  withParser(`apparmor_parser accepts the profile: ${what}${why}`, async (t) => {
    const folder = await mkdtemp(join(tmpdir(), "polyvisor-profile-"));
    t.teardown(() => rm(folder, { recursive: true }));
    const [file, rulesFile] = [join(folder, "profile"), join(folder, "profile.files")];
    await writeFile(rulesFile, rulesText(rulesOf(await targetsOf(os, devices))));
    await writeFile(file, profileText({ ...TERMS, rulesFile, ...terms }));
    const { status, stderr } = spawnSync("apparmor_parser", ["--skip-kernel-load", "--skip-cache", "--quiet", file]);
    t.is(status, 0, stderr.toString());
  });
}

test("a path that is written to by one way is not refused quietly by the other", (t) => {
  const twice = [target("image", "/images/a"), target("backing", "/images/a", { readOnly: true })];
  t.deepEqual(rulesOf(twice), ['"/images/a" rk,', '"/images/a" rwk,']);
});

const HOOKS: DomainHooks = { features: new Set(["memory-hotplug"]) };

function targetsOf(os: string, devices: string) {
  const xml = `<domain type='kvm'><name>g1</name><memory unit='GiB'>1</memory><os><type arch='x86_64'>hvm</type>${os}</os>
<maxMemory slots='4' unit='GiB'>4</maxMemory><cpu><numa><cell id='0' cpus='0' memory='512' unit='MiB'/></numa></cpu>
<devices>${devices}</devices></domain>`;
  return domainTargets(parseDomain(xml, { inactive: true, hooks: HOOKS }), {
    model: "apparmor",
    filesArePassed: false,
  });
}
