import { VirtError } from "@polyvisor/core";
import { formatCapabilities, formatDomain, type HostFacts, parseDomain } from "@polyvisor/sdk/conf";
import test from "ava";
import { lxcCapabilities, lxcHooks, parseLxcConfig } from "./index.js";

const FACTS: HostFacts = {
  arch: "x86_64",
  mhz: 0,
  memory: 0,
  nodes: [],
  interconnects: [],
  caches: [],
  pageSizes: [4, 2048],
  iommu: false,
};
const CAPABILITIES = lxcCapabilities({ facts: FACTS, emulator: "/usr/libexec/libvirt_lxc" });

function read(body: string, type = "lxc", os = "exe"): ReturnType<typeof parseDomain> {
  const xml = `<domain type='${type}' xmlns:lxc='http://libvirt.org/schemas/domain/lxc/1.0'><name>c</name>
    <memory>1024</memory><os><type>${os}</type><init>/bin/sh</init></os>${body}</domain>`;
  return parseDomain(xml, { hooks: lxcHooks(CAPABILITIES) });
}

test("a container gets its emulator, and consoles of its own kind", (t) => {
  const domain = read("<devices><console type='pty'/></devices>");
  t.is(domain.devices.emulator, "/usr/libexec/libvirt_lxc");
  t.is(domain.devices.consoles[0]?.target.type, "lxc");
  t.is(domain.os.arch, "x86_64");
});

test("an emulator and a console's kind that are given stay", (t) => {
  const { devices } = read("<devices><emulator>/own</emulator><console><target type='xen'/></console></devices>");
  t.is(devices.emulator, "/own");
  t.is(devices.consoles[0]?.target.type, "xen");
});

test("a guest that is no container is refused as libvirt does", (t) => {
  const error = t.throws(() => read("", "kvm", "hvm"), { instanceOf: VirtError });
  t.is(error?.message, "invalid argument: could not find capabilities for arch=x86_64 domaintype=kvm ");
});

test("shared namespaces are printed in libvirt's order, the last of each kind", (t) => {
  const domain = read(`<lxc:namespace><lxc:shareuts type='name' value='a'/><lxc:sharenet type='pid' value='1'/>
    <lxc:sharenet type='netns' value='red'/><lxc:shareipc type='none' value=''/></lxc:namespace>`);
  const xml = formatDomain(domain);
  t.true(xml.startsWith("<domain type='lxc' xmlns:lxc='http://libvirt.org/schemas/domain/lxc/1.0'>"));
  t.true(
    xml.includes(`  <lxc:namespace>
    <lxc:sharenet type='netns' value='red'/>
    <lxc:shareuts type='name' value='a'/>
  </lxc:namespace>
`),
  );
});

const WRONG: readonly (readonly [element: string, message: string])[] = [
  ["<lxc:sharepid type='pid' value='1'/>", "unsupported configuration: unsupported Namespace feature: sharepid"],
  ["<lxc:sharenet value='1'/>", "internal error: No lxc environment type specified"],
  ["<lxc:sharenet type='file' value='1'/>", "internal error: Unknown LXC namespace source 'file'"],
  ["<lxc:sharenet type='pid'/>", "internal error: No lxc environment type specified"],
];

for (const [element, message] of WRONG) {
  test(`a namespace that libvirt refuses is refused: ${element}`, (t) => {
    const error = t.throws(() => read(`<lxc:namespace>${element}</lxc:namespace>`), { instanceOf: VirtError });
    t.is(error?.message, message);
    t.truthy(error?.hint);
    t.truthy(error?.position);
  });
}

test("a 64-bit host runs 32-bit containers too", (t) => {
  const xml = formatCapabilities(CAPABILITIES);
  t.deepEqual(
    [...xml.matchAll(/<arch name='(.*)'>\s*<wordsize>(\d+)/g)].map(([, arch, size]) => [arch, size]),
    [
      ["x86_64", "64"],
      ["i686", "32"],
    ],
  );
  t.is(xml.match(/<emulator>\/usr\/libexec\/libvirt_lxc<\/emulator>/g)?.length, 2);
});

test("lxc.conf has defaults, and its values have types", (t) => {
  t.deepEqual(parseLxcConfig("", "lxc.conf"), {
    logWithLibvirtd: false,
    securityDriver: undefined,
    securityDefaultConfined: false,
    securityRequireConfined: false,
  });
  t.like(parseLxcConfig('security_driver = "selinux"\nlog_with_libvirtd = 1\n', "lxc.conf"), {
    logWithLibvirtd: true,
    securityDriver: "selinux",
  });
  t.throws(() => parseLxcConfig("security_driver = 1\n", "lxc.conf"), {
    message: "internal error: lxc.conf: expected a string for 'security_driver' parameter",
  });
});
