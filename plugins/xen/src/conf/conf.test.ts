import { VirtError } from "@polyvisor/core";
import { formatCapabilities, formatDomain, formatDomainCapabilities, parseDomain } from "@polyvisor/sdk/conf";
import test from "ava";
import { xenCapabilities, xenDomainCapabilities, xenHooks } from "./index.js";

const XEN_CAPS = ["xen-3.0-x86_64", "hvm-3.0-x86_32", "hvm-3.0-x86_32p", "hvm-3.0-x86_64", "nonsense"];
const CAPABILITIES = xenCapabilities({ arch: "x86_64", xenCaps: XEN_CAPS, pae: true });
const HOOKS = xenHooks(CAPABILITIES);

function read(type: string, body: string, devices = "", inactive = true): ReturnType<typeof parseDomain> {
  const xml = `<domain type='xen' xmlns:xen='http://libvirt.org/schemas/domain/xen/1.0'><name>x</name>
    <memory>65536</memory>${body}<devices>${devices}</devices></domain>`;
  return parseDomain(xml.replace("TYPE", type), { hooks: HOOKS, inactive });
}

test("the guests that Xen says it runs, and PVH beside each fully virtualized one", (t) => {
  t.deepEqual(
    CAPABILITIES.guests.map(({ osType, arch, features }) => [osType, arch, features.map(({ name }) => name).join(" ")]),
    [
      ["xen", "x86_64", ""],
      ["hvm", "i686", "pae nonpae acpi apic hap"],
      ["xenpvh", "i686", "hap"],
      ["hvm", "x86_64", "acpi apic hap"],
      ["xenpvh", "x86_64", "hap"],
    ],
  );
  const xml = formatCapabilities(CAPABILITIES);
  for (const line of ["<netprefix>vif</netprefix>", "<pae/>", "<loader>/usr/lib/xen/boot/hvmloader</loader>"]) {
    t.true(xml.includes(line), line);
  }
});

test("what guests of a machine can have", (t) => {
  const full = formatDomainCapabilities(xenDomainCapabilities(CAPABILITIES, { machine: "xenfv" }));
  t.true(full.includes("<vcpu max='128'/>"));
  t.true(full.includes("<value>/usr/lib/xen/boot/ovmf.bin</value>"));
  t.true(full.includes("<hostdev supported='yes'>"));
  const light = formatDomainCapabilities(xenDomainCapabilities(CAPABILITIES, { machine: "xenpvh" }));
  t.true(light.includes("<vcpu max='512'/>"));
  t.false(light.includes("<hostdev supported='yes'>"));
  for (const [wish, words] of [
    [{ type: "kvm" }, "unknown virttype: kvm"],
    [{ arch: "z80" }, "unknown architecture: z80"],
    [{ machine: "pc" }, "Xen only supports 'xenpv', 'xenpvh' and 'xenfv' machines"],
  ] as const) {
    const error = t.throws(() => xenDomainCapabilities(CAPABILITIES, wish), { instanceOf: VirtError });
    t.deepEqual([error.code, error.detail], ["INVALID_ARG", words]);
  }
});

test("a paravirtual guest has a console, input devices of Xen, a balloon and its bus", (t) => {
  const { devices } = read("linux", "<os><type>TYPE</type></os>", "<graphics type='vnc'/><interface type='ethernet'/>");
  t.deepEqual(
    devices.consoles.map(({ source, target }) => [source.type, target.type]),
    [["pty", "xen"]],
  );
  t.deepEqual(
    devices.inputs.map(({ type, bus }) => [type, bus]),
    [
      ["mouse", "xen"],
      ["keyboard", "xen"],
    ],
  );
  t.is(devices.memballoon?.model, "xen");
  t.is(devices.controllers[0]?.type, "xenbus");
  t.is(devices.videos[0]?.model.type, "xen");
  t.regex(devices.interfaces[0]?.mac?.address ?? "", /^00:16:3e:/);
});

test("a fully virtualized guest has PAE, and the video memory that its device model wants", (t) => {
  const numa = "<cpu><numa><cell id='0' cpus='0' memory='65536'/></numa></cpu>";
  const domain = read("hvm", `<os><type>TYPE</type></os>${numa}`, "<graphics type='vnc'/>");
  t.true(domain.features.pae);
  t.true(domain.features.acpi);
  t.deepEqual(domain.devices.videos[0]?.model, { type: "cirrus", vram: 8192, heads: 1, primary: true, ram: undefined });
  t.deepEqual(
    domain.devices.inputs.map(({ bus }) => bus),
    ["ps2", "ps2"],
  );
});

test("disks are raw where nothing is said, and network disks the device model's", (t) => {
  const disks = `<disk type='file'><source file='/a'/><target dev='xvda'/></disk>
    <disk type='network'><source protocol='rbd' name='p/i'/><target dev='xvdb'/></disk>`;
  t.deepEqual(
    read("xenpvh", "<os><type>TYPE</type></os>", disks).devices.disks.map(({ driver }) => [driver?.name, driver?.type]),
    [
      [undefined, "raw"],
      ["qemu", "raw"],
    ],
  );
});

test("names that Xen made up for the host's end of a card are forgotten with the guest", (t) => {
  const cards = "<interface type='bridge'><source bridge='b'/><target dev='vif3.0'/></interface>";
  const os = "<os><type>TYPE</type></os>";
  t.is(read("linux", os, cards).devices.interfaces[0]?.target, undefined);
  t.is(read("linux", os, cards, false).devices.interfaces[0]?.target?.dev, "vif3.0");
});

test("arguments of the device model are printed as they were written", (t) => {
  const args = "<xen:commandline><xen:arg value='-debug'/><xen:arg value='a b'/></xen:commandline>";
  const xml = formatDomain(read("hvm", `<os><type>TYPE</type></os>${args}`));
  t.true(xml.includes("    <xen:arg value='-debug'/>\n    <xen:arg value='a b'/>\n"));
});

test("what Xen cannot do is refused in libvirt's words", (t) => {
  const hvm = "<os><type>TYPE</type></os>";
  const capability = "<hostdev mode='capabilities' type='misc'><source><char>/dev/x</char></source></hostdev>";
  const secure = "<os><type>TYPE</type><loader readonly='yes' type='pflash' secure='yes'>/o</loader></os>";
  for (const [type, body, devices, words] of [
    ["hvm", hvm, "<sound model='ich9'/>", "unsupported audio model ich9"],
    ["hvm", hvm, capability, "hostdev mode 'capabilities' is not supported in xen"],
    ["hvm", secure, "", "Secure boot is not supported on Xen"],
    ["exe", "<os><type>TYPE</type><init>/i</init></os>", "", "could not find capabilities for ostype=exe"],
    [
      "hvm",
      `${hvm}<xen:commandline><xen:arg/></xen:commandline>`,
      "",
      "No device model command-line argument specified",
    ],
  ] as const) {
    const error = t.throws(() => read(type, body, devices), { instanceOf: VirtError });
    t.true(error.detail?.includes(words), error.message);
    t.truthy(error.hint, words);
  }
});
