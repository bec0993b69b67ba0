import { VirtError } from "@polyvisor/core";
import test from "ava";
import {
  formatHostInterface,
  formatNodeDevice,
  formatSecret,
  formatStoragePool,
  formatStoragePoolSources,
  formatStorageVolume,
  type NodeDevice,
  parseHostInterface,
  parseNodeDevice,
  parseSecret,
  parseStoragePool,
  parseStoragePoolSource,
  parseStorageVolume,
  type StoragePool,
  type StorageVolume,
  validateStoragePool,
} from "./index.js";

function refused(work: () => unknown): VirtError {
  try {
    work();
  } catch (error) {
    if (error instanceof VirtError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

const UUID = "6f0b2d3c-0000-4000-8000-000000000001";
const volume = (xml: string): StorageVolume => parseStorageVolume(xml, { type: "dir" });

interface Refusal {
  readonly read: (xml: string) => unknown;
  readonly xml: string;
  readonly code: string;
  readonly domain: string;
  readonly position: readonly [line: number, column: number];
  readonly hint: RegExp;
}

const REFUSALS: Readonly<Record<string, Refusal>> = {
  "a pool's type": {
    read: parseStoragePool,
    xml: "<pool type='iscsi-direkt'/>",
    code: "XML_ERROR",
    domain: "XML",
    position: [1, 1],
    hint: /Did you mean 'iscsi-direct'\? Allowed: dir, fs, /,
  },
  "a pool's format": {
    read: parseStoragePool,
    xml: "<pool type='disk'>\n <source>\n  <format type='gtp'/></source></pool>",
    code: "CONFIG_UNSUPPORTED",
    domain: "STORAGE",
    position: [3, 3],
    hint: /Did you mean 'gpt'/,
  },
  "a pool's world wide name, which is checked after reading": {
    read: parseStoragePool,
    xml: "<pool type='scsi'><name>p</name><source>\n<adapter type='fc_host' wwnn='1' wwpn='2'/></source></pool>",
    code: "INTERNAL_ERROR",
    domain: "STORAGE",
    position: [2, 1],
    hint: /16 hexadecimal digits/,
  },
  "an element that no pool has": {
    read: parseStoragePool,
    xml: "<pool type='dir'>\n <tarket/></pool>",
    code: "XML_INVALID_SCHEMA",
    domain: "XML",
    position: [2, 2],
    hint: /Did you mean <target>/,
  },
  "an element that no source has": {
    read: parseStoragePool,
    xml: "<pool type='dir'>\n <source><hots/></source></pool>",
    code: "XML_INVALID_SCHEMA",
    domain: "XML",
    position: [2, 10],
    hint: /Did you mean <host>/,
  },
  "another type's own options": {
    read: parseStoragePool,
    xml: "<pool type='dir' xmlns:fs='http://libvirt.org/schemas/storagepool/fs/1.0'><name>p</name><fs:mount_opts/></pool>",
    code: "XML_INVALID_SCHEMA",
    domain: "XML",
    position: [1, 89],
    hint: /no such element/,
  },
  "an option of RBD without value": {
    read: parseStoragePool,
    xml: `<pool type='rbd' xmlns:r='http://libvirt.org/schemas/storagepool/rbd/1.0'><source><host name='h'/><name>n</name></source>
<r:config_opts><r:option name='a' value=''/></r:config_opts></pool>`,
    code: "XML_ERROR",
    domain: "STORAGE",
    position: [2, 16],
    hint: /value/,
  },
  "an element that no volume has": {
    read: volume,
    xml: "<volume><name>v</name><capacity>1</capacity>\n<target><formta/></target></volume>",
    code: "XML_INVALID_SCHEMA",
    domain: "XML",
    position: [2, 9],
    hint: /Did you mean <format>/,
  },
  "a size that numbers cannot hold": {
    read: volume,
    xml: "<volume><name>v</name>\n<capacity>9007199254740993</capacity></volume>",
    code: "OVERFLOW",
    domain: "NONE",
    position: [2, 1],
    hint: /whole KiB/,
  },
  "a secret's usage": {
    read: parseSecret,
    xml: "<secret>\n  <usage type='cep'/></secret>",
    code: "CONFIG_UNSUPPORTED",
    domain: "SECRET",
    position: [2, 3],
    hint: /Did you mean 'ceph'/,
  },
  "a bridge's spanning tree, which libvirt drops with all that follows": {
    read: parseHostInterface,
    xml: "<interface type='bridge' name='b'>\n<bridge stp='onn'/></interface>",
    code: "XML_ERROR",
    domain: "INTERFACE",
    position: [2, 1],
    hint: /Did you mean 'on'/,
  },
  "IPv4 that configures itself": {
    read: parseHostInterface,
    xml: "<interface type='ethernet' name='e'>\n<protocol family='ipv4'><autoconf/></protocol></interface>",
    code: "XML_INVALID_SCHEMA",
    domain: "XML",
    position: [2, 25],
    hint: /<protocol> has no such element/,
  },
  "a device without name": {
    read: parseNodeDevice,
    xml: "<device><capability type='drm'><type>render</type></capability></device>",
    code: "NO_NAME",
    domain: "NODEDEV",
    position: [1, 1],
    hint: /<name>/,
  },
  "a PCI device's capability, which libvirt drops": {
    read: parseNodeDevice,
    xml: `<device><name>d</name><capability type='pci'><domain>0</domain><bus>0</bus><slot>1</slot><function>0</function>
<product id='1'/><vendor id='1'/><capability type='phys_funktion'/></capability></device>`,
    code: "XML_ERROR",
    domain: "NODEDEV",
    position: [2, 34],
    hint: /Did you mean 'phys_function'/,
  },
  "a field of product data with a bad index, which libvirt drops": {
    read: parseNodeDevice,
    xml: `<device><name>d</name><capability type='pci'><domain>0</domain><bus>0</bus><slot>1</slot><function>0</function>
<product id='1'/><vendor id='1'/><capability type='vpd'><name>n</name><fields access='readwrite'>
<system_field index='A'>x</system_field></fields></capability></capability></device>`,
    code: "XML_ERROR",
    domain: "NODEDEV",
    position: [3, 1],
    hint: /one digit or capital letter/,
  },
  "an attribute of a mediated device without value, which libvirt drops": {
    read: parseNodeDevice,
    xml: "<device><name>d</name><capability type='mdev'><type id='t'/>\n<attr name='a'/></capability></device>",
    code: "CONFIG_UNSUPPORTED",
    domain: "NODEDEV",
    position: [2, 1],
    hint: /both/,
  },
};

for (const [what, { read, xml, code, domain, position, hint }] of Object.entries(REFUSALS)) {
  test(`refused with its place and a hint: ${what}`, (t) => {
    const error = refused(() => read(xml));
    t.deepEqual([error.code, error.domain], [code, domain]);
    t.deepEqual(error.position, { line: position[0], column: position[1] });
    t.regex(error.hint ?? "", hint);
  });
}

test("a pool is plain data of its type, and prints the same after a trip through JSON", (t) => {
  const pool = parseStoragePool(
    `<pool type='netfs' xmlns:x='http://libvirt.org/schemas/storagepool/fs/1.0'><name>p</name><uuid>${UUID}</uuid>
<source><host name='h' port='2049'/><dir path='/d/'/></source><target><path>/t</path></target>
<x:mount_opts><x:option name='sync'/></x:mount_opts></pool>`,
  );
  const plain: unknown = JSON.parse(JSON.stringify(pool));
  t.deepEqual(plain, {
    type: "netfs",
    name: "p",
    uuid: UUID,
    source: { hosts: [{ name: "h", port: 2049 }], dir: "/d", format: "auto" },
    target: { path: "/t" },
    mountOptions: ["sync"],
  });
  t.is(formatStoragePool(plain as StoragePool), formatStoragePool(pool));
  t.regex(formatStoragePool(pool), /xmlns:fs='[^']*'[\s\S]*<fs:option name='sync'\/>/);
});

test("a uuid is made up where a document gives none", (t) => {
  const newUuid = (): string => UUID;
  const pool = parseStoragePool("<pool type='mpath'><name>m</name><target><path>/d</path></target></pool>", {
    newUuid,
  });
  t.is(pool.uuid, UUID);
  t.is(parseSecret("<secret/>", { newUuid }).uuid, UUID);
  t.regex(parseSecret("<secret/>").uuid, /^[0-9a-f-]{36}$/);
});

test("a pool that a program made is checked in the same words", (t) => {
  const made: StoragePool = { type: "dir", name: "a/b", uuid: UUID, source: {}, target: { path: "/t" } };
  t.is(refused(() => validateStoragePool(made)).message, "XML error: name a/b cannot contain '/'");
});

test("what only a running pool knows is printed", (t) => {
  const disk: StoragePool = {
    type: "disk",
    name: "d",
    uuid: UUID,
    usage: { capacity: 2 ** 60, allocation: 1, available: 0 },
    source: { devices: [{ path: "/dev/a", freeExtents: [{ start: 512, end: 1024 }] }], format: "gpt" },
    target: { path: "/dev" },
  };
  const printed = formatStoragePool(disk);
  t.true(printed.includes("<capacity unit='bytes'>1152921504606846976</capacity>"));
  t.true(printed.includes("<device path='/dev/a'>\n      <freeExtent start='512' end='1024'/>\n    </device>"));
});

test("what to search for pools with is read alone, and what was found is printed", (t) => {
  const source = parseStoragePoolSource(
    "<source><host name='h'/><initiator><iqn name='i'/></initiator></source>",
    "iscsi",
  );
  t.deepEqual([source.hosts, source.initiatorIqn], [[{ name: "h", port: undefined }], "i"]);
  t.is(
    formatStoragePoolSources([{ hosts: [{ name: "h" }], devices: [{ path: "iqn.a" }] }]),
    "<sources>\n  <source>\n    <host name='h'/>\n    <device path='iqn.a'/>\n  </source>\n</sources>\n",
  );
});

test("a volume says its capacity unless the caller knows it", (t) => {
  const bare = "<volume><name>v</name></volume>";
  const backed = "<volume><name>v</name><backingStore><path>/b</path></backingStore></volume>";
  const read = (xml: string, capacity: "optional" | "optional-with-backing"): StorageVolume =>
    parseStorageVolume(xml, { type: "dir" }, { capacity });
  t.is(read(bare, "optional").capacity, 0);
  t.is(read(backed, "optional-with-backing").capacity, 0);
  t.is(refused(() => read(bare, "optional-with-backing")).message, "XML error: missing capacity element");
});

test("a volume has the formats of its pool", (t) => {
  const xml = "<volume><name>v</name><capacity>1</capacity></volume>";
  t.is(parseStorageVolume(xml, { type: "dir" }).target.format, "raw");
  t.is(parseStorageVolume(xml, { type: "disk" }).target.format, "none");
  t.is(parseStorageVolume(xml, { type: "logical" }).target.format, undefined);
});

test("what only a volume's host knows is printed", (t) => {
  const printed = formatStorageVolume({
    type: "block",
    name: "v",
    extents: [
      { path: "/dev/a", start: 0, end: 4 },
      { path: "/dev/a", start: 8, end: 9 },
      { path: "/dev/b", start: 0, end: 1 },
    ],
    capacity: 5,
    physical: 6,
    target: { timestamps: { atime: { seconds: 1, nanoseconds: 20 }, btime: { seconds: 3, nanoseconds: 0 } } },
  });
  t.is(
    printed,
    `<volume type='block'>
  <name>v</name>
  <source>
    <device path='/dev/a'>
      <extent start='0' end='4'/>
      <extent start='8' end='9'/>
    </device>
    <device path='/dev/b'>
      <extent start='0' end='1'/>
    </device>
  </source>
  <capacity unit='bytes'>5</capacity>
  <allocation unit='bytes'>5</allocation>
  <physical unit='bytes'>6</physical>
  <target>
    <timestamps>
      <atime>1.000000020</atime>
      <btime>3</btime>
    </timestamps>
  </target>
</volume>
`,
  );
});

test("devices that libvirt prints and cannot read are read", (t) => {
  const xml = (inside: string): string => `<device>\n  <name>d</name>\n${inside}</device>\n`;
  for (const inside of [
    "  <capability type='scsi_generic'>\n    <char>/dev/sg0</char>\n  </capability>\n",
    "  <capability type='vdpa'>\n    <chardev>/dev/vhost-vdpa-0</chardev>\n  </capability>\n",
    `  <capability type='mdev_types'>
    <capability type='mdev_types'>
      <type id='t'>
        <deviceAPI>vfio-pci</deviceAPI>
        <availableInstances>2</availableInstances>
      </type>
    </capability>
  </capability>
`,
  ]) {
    t.is(formatNodeDevice(JSON.parse(JSON.stringify(parseNodeDevice(xml(inside)))) as NodeDevice), xml(inside));
  }
});

test("a host bus adapter that is to be made has no number, and names where it is given a way to make them up", (t) => {
  const xml = `<device><parent wwnn='2000000000000001' wwpn='2000000000000002'/>
<capability type='scsi_host'><capability type='fc_host'/></capability></device>`;
  const made = parseNodeDevice(xml, { create: true, newWwn: () => "5001a4a000000001" });
  t.deepEqual(made.parentWwn, { wwnn: "2000000000000001", wwpn: "2000000000000002" });
  t.like(made.capabilities[0], { type: "scsi_host", fcHost: { wwnn: "5001a4a000000001", wwpn: "5001a4a000000001" } });
  t.is(
    refused(() => parseNodeDevice(xml, { create: true })).message,
    "internal error: no WWNN supplied for 'new device', and auto-generation failed",
  );
});

test("secrets and interfaces print the same after a trip through JSON", (t) => {
  const secret = parseSecret(
    `<secret private='yes'><uuid>${UUID}</uuid><usage type='tls'><name>n</name></usage></secret>`,
  );
  t.is(formatSecret(JSON.parse(JSON.stringify(secret))), formatSecret(secret));
  const bridge = parseHostInterface(`<interface type='bridge' name='b'><protocol family='ipv6'><autoconf/></protocol>
<bridge stp='off'><interface type='vlan' name='v'><vlan tag='1'><interface name='e'/></vlan></interface></bridge></interface>`);
  t.is(formatHostInterface(JSON.parse(JSON.stringify(bridge))), formatHostInterface(bridge));
  t.deepEqual(JSON.parse(JSON.stringify(bridge)), {
    type: "bridge",
    name: "b",
    stp: "off",
    interfaces: [{ type: "vlan", name: "v", tag: "1", device: "e" }],
    protocols: [{ family: "ipv6", autoconf: true, addresses: [] }],
  });
});
