import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { VirtError } from "@polyvisor/core";
import test from "ava";
import { type DomainHooks, parseDomain } from "./index.js";

// what people get wrong: libvirt's words, with line, column and a hint that libvirt does not give

const HOOKS: DomainHooks = {
  defaultArch: "i686",
  features: new Set(["memory-hotplug", "offline-vcpupin", "individual-vcpus", "user-alias", "net-model-string"]),
  devices: {
    video: (video) => (video.model.type === undefined ? { ...video, model: { ...video.model, type: "vga" } } : video),
  },
};

const DOMAIN = `<domain type='test'>
  <name>g</name>
  <uuid>6f0b2d3c-0000-4000-8000-000000000001</uuid>
  <memory unit='MiB'>64</memory>
  <vcpu placement='static'>2</vcpu>
  <os>
    <type arch='x86_64'>hvm</type>
  </os>
  <clock offset='utc'/>
  <on_crash>destroy</on_crash>
  <devices>
    <disk type='file' device='disk'>
      <driver name='qemu' type='raw'/>
      <source file='/a'/>
      <target dev='vda' bus='virtio'/>
    </disk>
    <interface type='bridge'>
      <mac address='52:54:00:01:02:03'/>
      <source bridge='br0'/>
      <target dev='mine0'/>
    </interface>
    <graphics type='vnc' port='5900'/>
  </devices>
</domain>
`;

/** Each: what is replaced, what stands there instead, the line that the error must name, and what the hint must say. */
const MISTAKES: readonly (readonly [what: string, written: string, wrong: string, line: number, hint: RegExp])[] = [
  ["a wrong root", DOMAIN, "<network><name>n</name></network>", 1, /<domain>/],
  ["an unknown hypervisor", "type='test'", "type='tset'", 1, /Did you mean 'test'\?/],
  ["no hypervisor", " type='test'", "", 1, /type/],
  ["no name", "<name>g</name>", "", 1, /<name>/],
  ["an empty name", "<name>g</name>", "<name></name>", 1, /<name>/],
  ["a UUID that is none", "6f0b2d3c-", "x", 3, /[Uu][Uu][Ii][Dd]|hexadecimal/],
  ["no memory", "<memory unit='MiB'>64</memory>", "", 1, /<memory/],
  ["a size that is none", ">64<", ">sixty-four<", 4, /number/],
  ["a negative size", ">64<", ">-64<", 4, /number/],
  ["an unknown unit", "unit='MiB'", "unit='MBit'", 4, /KiB/],
  ["a wrong word", "placement='static'", "placement='statc'", 5, /Did you mean 'static'\?/],
  ["a number of processors that is none", ">2<", ">two<", 5, /number/],
  ["no processors", ">2<", ">0<", 5, /./],
  ["more processors now than at most", "placement='static'", "current='4'", 5, /Raise/],
  ["an unknown architecture", "x86_64", "x86-64", 7, /x86_64/],
  ["no type of operating system", "<type arch='x86_64'>hvm</type>", "", 6, /<type/],
  ["an unknown clock", "offset='utc'", "offset='utcc'", 9, /Did you mean 'utc'\?/],
  ["an unknown action", ">destroy<", ">destory<", 10, /Did you mean 'destroy'\?/],
  ["an unknown kind of disk", "device='disk'", "device='dsik'", 12, /Did you mean 'disk'\?/],
  ["an unknown source of a disk", "type='file'", "type='fiel'", 12, /Did you mean 'file'\?/],
  ["an unknown format", "type='raw'", "type='qcow3'", 13, /Did you mean 'qcow'\?.*qcow2/],
  ["no source", "<source file='/a'/>", "", 15, /<source/],
  ["no target", "<target dev='vda' bus='virtio'/>", "", 12, /<target/],
  ["a target without name", "dev='vda' ", "", 12, /<target/],
  ["an unknown bus", "bus='virtio'", "bus='virtoi'", 15, /Did you mean 'virtio'\?/],
  ["a name that fits no disk", "dev='vda'", "dev='disk1'", 15, /vda/],
  ["a boot order of none", "bus='virtio'/>", "bus='virtio'/><boot order='0'/>", 15, /zero/],
  ["a boot order that is none", "bus='virtio'/>", "bus='virtio'/><boot order='first'/>", 15, /number/],
  [
    "the same disk twice",
    "</disk>",
    "</disk><disk type='file'><source file='/b'/><target dev='vda' bus='virtio'/></disk>",
    16,
    /name of its own/,
  ],
  ["an unknown kind of network card", "type='bridge'", "type='bridg'", 17, /Did you mean 'bridge'\?/],
  ["a MAC address that is none", "52:54:00:01:02:03", "52:54:00", 18, /./],
  ["a MAC address of many", "52:54", "53:54", 18, /./],
  ["a network card without bridge", " bridge='br0'", "", 19, /bridge/],
  ["unknown graphics", "type='vnc'", "type='vcn'", 22, /Did you mean 'vnc'\?/],
  ["a port that is none", "port='5900'", "port='vnc'", 22, /./],
  ["an address of no type", "</disk>", "<address slot='3'/></disk>", 16, /type=/],
  ["a slot that no bus has", "</disk>", "<address type='pci' slot='0x40'/></disk>", 16, /./],
  [
    "two balloons",
    "<graphics",
    "<memballoon model='none'/><memballoon model='none'/><graphics",
    22,
    /Remove a <memballoon>|Keep one/,
  ],
  [
    "an input device whose bus is disabled",
    "<graphics",
    "<controller type='usb' model='none'/><input type='tablet'/><graphics",
    22,
    /give the <input> another bus/,
  ],
  ["an end tag that is not there", "</disk>", "", 23, /<\/disk>/],
  ["an attribute twice", "type='vnc'", "type='vnc' type='vnc'", 22, /once/],
  ["an attribute without quotes", "port='5900'", "port=5900", 22, /quotes/],
  ["an ampersand", "/a", "/a&b", 14, /&amp;/],
];

const version = spawnSync("virsh", ["--version"], { encoding: "utf8" });
const hasVirsh = version.status === 0 && version.stdout.startsWith("9.0.");

for (const [what, written, wrong, line, hint] of MISTAKES) {
  const xml = DOMAIN.replace(written, wrong);

  test(`a mistake has its place and a hint: ${what}`, (t) => {
    const error = t.throws(() => parseDomain(xml, { hooks: HOOKS, abiUpdate: true }), { instanceOf: VirtError });
    t.is(error?.position?.line, line, error?.message);
    t.true((error?.position?.column ?? 0) > 0);
    t.regex(error?.hint ?? "", hint, error?.message);
  });

  (hasVirsh ? test : test.skip)(
    `a mistake is told in libvirt's words${hasVirsh ? "" : " (needs virsh 9.0)"}: ${what}`,
    (t) => {
      const error = t.throws(() => parseDomain(xml, { hooks: HOOKS, abiUpdate: true }), { instanceOf: VirtError });
      t.is(error?.message, virshSays(xml));
    },
  );
}

/** The complaint of libvirt's own test driver, which runs inside virsh. */
function virshSays(xml: string): string {
  const folder = mkdtempSync(join(tmpdir(), "polyvisor-mistakes-"));
  try {
    writeFileSync(join(folder, "g.xml"), xml);
    const { stderr } = spawnSync("virsh", ["-q", "-c", "test:///default", "define", join(folder, "g.xml")], {
      encoding: "utf8",
      env: { ...process.env, LC_ALL: "C" },
    });
    return stderr
      .replace(/^error: Failed to define.*\n/, "")
      .replace(/^error: /, "")
      .trimEnd();
  } finally {
    rmSync(folder, { recursive: true });
  }
}
