import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Connection, Domain, DomainEvent } from "@polyvisor/core";
import { EMULATOR, hasEmulator, withinReason } from "@polyvisor/sdk/testkit";
import test, { type ExecutionContext } from "ava";
import { askMonitor, inAnotherDaemon, makeRig, makeRoot, pidOf, type Rig } from "../testing/harness.js";
import { hasQemuImg } from "../testing/images.js";

const withQemu = (await hasEmulator()) && hasQemuImg() ? test : test.skip;

const [LIVE, CONFIG] = [1, 2];
const INACTIVE = 2;
/** `VIR_DOMAIN_SHUTOFF` */
const OFF = 5;

/** Its firmware finds nothing to boot. It lets go of what is on its USB and SCSI buses at once, of PCI cards when it is reset. */
const GUEST = `<domain type='qemu'><name>g</name><memory unit='MiB'>64</memory>
  <os><type arch='x86_64' machine='pc'>hvm</type></os><features><acpi/></features>
  <devices><emulator>${EMULATOR}</emulator>
    <disk type='file' device='cdrom'><target dev='hdc' bus='ide'/></disk>
    <controller type='usb' model='qemu-xhci'/><controller type='virtio-serial'/>
    <controller type='scsi' model='virtio-scsi'/><memballoon model='none'/></devices></domain>`;

interface Plugged extends Rig {
  readonly dom: Domain;
  /** Where images are. */
  readonly images: string;
  readonly api: Connection["api"];
  /** `deviceAdded usb-disk0` and the like. */
  readonly told: string[];
  xml(flags?: number): Promise<string>;
  /** What the emulator has of images, objects and the host's ends of character devices. */
  parts(): Promise<string>;
}

async function makeImages(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "polyvisor-plug-"));
  t.teardown(() => rm(folder, { recursive: true }));
  for (const name of ["a", "b", "cd"]) {
    await writeFile(join(folder, name), "");
    await truncate(join(folder, name), 1 << 20);
    await chmod(join(folder, name), 0o666);
  }
  const below = ["-b", join(folder, "a"), "-F", "raw"];
  spawnSync("qemu-img", ["create", "-q", "-f", "qcow2", ...below, join(folder, "top")]);
  return folder;
}

async function plugged(rig: Rig, images: string): Promise<Plugged> {
  const { connection } = rig;
  const { api } = connection;
  const dom = await connection.domain("g");
  const told: string[] = [];
  void listen(await connection.events(), told);
  const ask = async (command: string) =>
    JSON.parse(await api.domainQemuMonitorCommand({ dom, cmd: JSON.stringify({ execute: command }), flags: 0 }));
  return {
    ...rig,
    dom,
    images,
    api,
    told,
    xml: (flags = 0) => api.domainGetXMLDesc({ dom, flags }),
    async parts() {
      const [nodes, chardevs] = [await ask("query-named-block-nodes"), await ask("query-chardev")];
      const names = (list: { return: Record<string, string>[] }, key: string) => list.return.map((each) => each[key]);
      return [...names(nodes, "node-name"), ...names(chardevs, "label")].sort().join(" ");
    },
  };
}

async function listen(events: AsyncIterable<DomainEvent>, told: string[]): Promise<void> {
  for await (const event of events) {
    if ("devAlias" in event) told.push(`${event.kind} ${event.devAlias}`);
  }
}

async function started(t: ExecutionContext): Promise<Plugged> {
  const images = await makeImages(t);
  const rig = await makeRig(t);
  const domain = await rig.connection.define(GUEST);
  await domain.create();
  return plugged(rig, images);
}

/** These tests ask the monitor themselves, which is noted. */
const isComplaint = (line: string) => !line.includes("tainted");

const disk = (source: string, target: string, bus: string, more = "") =>
  `<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='${source}'/>` +
  `<target dev='${target}' bus='${bus}'/>${more}</disk>`;

/** Devices of which the guest lets go at once. `alias`: the name in events, and `listed`: what the XML has of it. */
const DEVICES = (images: string, port: number) =>
  [
    { xml: disk(`${images}/a`, "sda", "usb"), alias: "usb-disk0" },
    {
      xml: disk(`${images}/top`, "sdb", "scsi").replace("'raw'", "'qcow2'"),
      alias: "scsi0-0-0-1",
    },
    { xml: disk(`${images}/b`, "sdc", "scsi", "<wwn>5000c50015ea71ad</wwn>"), alias: "scsi0-0-0-2" },
    { xml: "<channel type='unix'><target type='virtio' name='a.b'/></channel>", alias: "channel0" },
    { xml: "<input type='tablet' bus='usb'/>", alias: "input2" },
    { xml: "<serial type='pty'><target type='usb-serial'/></serial>", alias: "serial0" },
    {
      xml: `<redirdev bus='usb' type='tcp'><source mode='connect' host='127.0.0.1' service='${port}'/></redirdev>`,
      alias: "redir0",
    },
  ] as const;

withQemu("a device comes and goes, in the guest and in its definition, and leaves nothing behind", async (t) => {
  const { api, dom, images, told, xml, parts } = await started(t);
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  const [before, defined, nodes] = [await xml(), await xml(INACTIVE), await parts()];
  for (const device of DEVICES(images, port)) {
    told.splice(0);
    await api.domainAttachDeviceFlags({ dom, xml: device.xml, flags: LIVE | CONFIG });
    const there = await xml();
    t.not(there, before);
    t.not(await xml(INACTIVE), defined);
    await withinReason("it is told to be there", async () => told.length > 0);
    t.deepEqual(told.splice(0), [`deviceAdded ${device.alias}`]);
    await api.domainDetachDeviceAlias({ dom, alias: device.alias, flags: LIVE });
    await withinReason("it is told to be gone", async () => told.length > 0);
    t.deepEqual(told, [`deviceRemoved ${device.alias}`]);
    await api.domainDetachDeviceFlags({ dom, xml: device.xml, flags: CONFIG }).catch((error: Error) => {
      t.regex(error.message, /device not present/, "a terminal has no path in the definition");
    });
    const left = (text: string) => text.replace(/ *<(serial|console) type='pty'[\s\S]*?<\/\1>\n/g, "");
    t.is(left(await xml()), left(before), device.xml);
    t.is(await parts(), nodes, device.xml);
  }
});

/** What cannot be plugged in, and libvirt's words. */
const REFUSALS = (images: string): readonly (readonly [xml: string, words: RegExp])[] => [
  [disk(`${images}/none`, "sdd", "usb"), /^Cannot access storage file '.*none': No such file or directory$/],
  [disk(images, "sdd", "usb"), /unable to execute QEMU command 'blockdev-add'/],
  [disk(`${images}/a`, "hda", "ide"), /disk bus 'ide' cannot be hotplugged\.$/],
  [
    disk(`${images}/a`, "vdb", "virtio", "<address type='pci' slot='0x01'/>"),
    /double use of PCI Address 0000:00:01\.0/,
  ],
  [
    "<channel type='unix'><source mode='bind' path='/nowhere/x'/><target type='virtio' name='x'/></channel>",
    /\/nowhere\/x/,
  ],
  ["<interface type='bridge'><source bridge='none0'/></interface>", /.+/],
  ["<sound model='ich9'/>", /live attach of device 'sound' is not supported$/],
  ["<input type='mouse' bus='ps2'/>", /input device on bus 'ps2' cannot be hot plugged\.$/],
  ["<controller type='virtio-serial'/>", /'virtio-serial' controller cannot be hot plugged\.$/],
  ["<memory model='dimm'><target><size unit='MiB'>128</size></target></memory>", /'maxMemory' is not defined$/],
  [
    "<hostdev mode='subsystem' type='pci'><source><address bus='0' slot='0' function='0'/></source></hostdev>",
    /host doesn't support passthrough of host PCI devices$/,
  ],
  ["<nonsense/>", /unknown device type 'nonsense'$/],
];

withQemu("a device that cannot be plugged in leaves guest, definition and emulator as they were", async (t) => {
  const { api, dom, images, told, xml, parts, complaints } = await started(t);
  const before = [await xml(), await xml(INACTIVE), await parts()];
  for (const [device, words] of REFUSALS(images)) {
    const error = await t.throwsAsync(async () =>
      api.domainAttachDeviceFlags({ dom, xml: device, flags: LIVE | CONFIG }),
    );
    t.regex((error as { detail?: string }).detail ?? "", words, device);
    t.deepEqual([await xml(), await xml(INACTIVE), await parts()], before, device);
  }
  t.deepEqual(told, []);
  t.deepEqual(complaints.filter(isComplaint), []);
});

withQemu("a guest that answers late: the call returns, the event comes when the guest has let go", async (t) => {
  const { api, dom, images, told, xml } = await started(t);
  const before = await xml();
  await api.domainAttachDeviceFlags({ dom, xml: disk(`${images}/a`, "vda", "virtio"), flags: LIVE });
  await api.domainDetachDeviceAlias({ dom, alias: "virtio-disk0", flags: LIVE });
  t.true((await xml()).includes("virtio-disk0"), "it still has it");
  await api.domainReset({ dom, flags: 0 });
  await withinReason("deviceRemoved virtio-disk0", async () => told.includes("deviceRemoved virtio-disk0"));
  t.is(await xml(), before);
});

withQemu("a device that goes while no daemon runs is found to be gone, and told by the next one", async (t) => {
  const root = await makeRoot(t);
  const images = await makeImages(t);
  const first = await inAnotherDaemon(
    root,
    `await (await connection.define(${JSON.stringify(GUEST)})).create();
     const dom = await connection.domain("g");
     const { api } = connection;
     await api.domainAttachDevice({ dom, xml: ${JSON.stringify(disk(`${images}/top`, "vda", "virtio").replace("'raw'", "'qcow2'"))} });
     await api.domainAttachDevice({ dom, xml: ${JSON.stringify(disk(`${images}/b`, "sda", "usb"))} });
     await api.domainDetachDeviceAlias({ dom, alias: "virtio-disk0", flags: 1 });`,
  );
  await first.kill();
  await askMonitor(root, "g", "system_reset");
  const rig = await makeRig(t, root);
  const { api, dom, told, xml, parts } = await plugged(rig, images);
  const heard: string[] = [];
  await withinReason("the event", async () => heard.push(...rig.heard()) > 0 && heard.includes("g: deviceRemoved"));
  t.false((await xml()).includes("virtio-disk0"));
  t.is((await parts()).match(/libvirt-\d+-format/g)?.length, 1, "its images are closed, those of the other are not");
  const [, number] = /file='[^']*\/b' index='(\d+)'/.exec(await xml()) ?? [];
  await api.domainAttachDevice({ dom, xml: disk(`${images}/a`, "sdb", "usb") });
  t.true((await xml()).includes(`/a' index='${Number(number) + 1}'`), "numbers of images are not used again");
  await withinReason("deviceAdded usb-disk1", async () => told.includes("deviceAdded usb-disk1"));
  t.true(told.includes("deviceRemoved virtio-disk0"), "who comes later hears of it, too");
  t.deepEqual(rig.complaints.filter(isComplaint), []);
});

withQemu("an attach that a dead daemon has begun is undone by the next one", async (t) => {
  const root = await makeRoot(t);
  const images = await makeImages(t);
  const plug = disk(`${images}/a`, "sda", "usb");
  const first = await inAnotherDaemon(
    root,
    `await (await connection.define(${JSON.stringify(GUEST)})).create();
     const dom = await connection.domain("g");
     await connection.api.domainAttachDevice({ dom, xml: ${JSON.stringify(plug)} });`,
  );
  await first.kill();
  // The file of a daemon that died between telling of the device and giving it to the emulator.
  const path = join(root, "run/libvirt/qemu/g.xml");
  const status = await readFile(path, "utf8");
  const document = status.slice(status.indexOf("<domain "), status.indexOf("</domstatus>"));
  const without = document.replace(/ *<disk type='file' device='disk'>[\s\S]*?<\/disk>\n/, "");
  const begun = (alias: string) =>
    status.replace(document, `<plugging kind='disk' name='${alias}'>${document}</plugging>${without}`);
  await writeFile(path, begun("usb-disk0"));
  const second = await makeRig(t, root);
  const { xml } = await plugged(second, images);
  await withinReason("the guest has it", async () => (await xml()).includes("usb-disk0"));
  t.pass("the emulator has it, so the guest has it");
  await second.host.close();
  await writeFile(path, begun("usb-disk7").replaceAll("usb-disk0", "usb-disk7"));
  const third = await makeRig(t, root);
  const again = await plugged(third, images);
  await withinReason("it is undone", async () => !(await readFile(path, "utf8")).includes("plugging"));
  t.false((await again.xml()).includes("usb-disk7"));
});

withQemu(
  "an emulator that dies while its guest is asked for a device: the call fails, and nothing is left",
  async (t) => {
    const { api, connection, dom, images, root, leftovers } = await started(t);
    await api.domainAttachDevice({ dom, xml: disk(`${images}/a`, "vda", "virtio") });
    const detach = t.throwsAsync(async () =>
      api.domainDetachDevice({ dom, xml: disk(`${images}/a`, "vda", "virtio") }),
    );
    await withinReason("the guest is asked", async () => (await connection.jobs()).length > 0);
    process.kill(await pidOf(root, "g"), "SIGKILL");
    t.regex((await detach)?.message ?? "", /domain is (no longer|not) running/);
    await withinReason("it is off", async () => (await api.domainGetState({ dom, flags: 0 })).state === OFF);
    t.deepEqual(await leftovers(), []);
    t.false((await api.domainGetXMLDesc({ dom, flags: 0 })).includes("/a'"));
  },
);

withQemu("media of a drive: put in, changed, taken out; a missing one changes nothing", async (t) => {
  const { api, dom, images, xml, parts } = await started(t);
  const drive = (source: string) =>
    `<disk type='file' device='cdrom'><driver name='qemu' type='raw'/>${source}<target dev='hdc' bus='ide'/></disk>`;
  const update = (source: string) => api.domainUpdateDeviceFlags({ dom, xml: drive(source), flags: LIVE });
  await update(`<source file='${images}/cd'/>`);
  t.regex(await xml(), /<source file='[^']*\/cd' index='2'\/>/);
  const before = [await xml(), await parts()];
  await t.throwsAsync(async () => update(`<source file='${images}/none'/>`), { message: /Cannot access storage file/ });
  t.deepEqual([await xml(), await parts()], before);
  await update(`<source file='${images}/b'/>`);
  t.regex(await xml(), /<source file='[^']*\/b' index='\d+'\/>/);
  t.false((await parts()).includes("libvirt-2-"));
  await update("");
  t.notRegex(await xml(), /<source file='/);
  t.is((await parts()).match(/libvirt-\d/g), null);
});
