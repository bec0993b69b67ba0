import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Connection,
  createHost,
  type Domain,
  type DomainEvent,
  type Host,
  type HypervisorClient,
  rootPaths,
  VirtError,
} from "@polyvisor/core";
import test, { type ExecutionContext } from "ava";
import { type StandInDom0, startStandIn } from "./testing/stand-in.js";

const MINUTES = 2 * 60_000;
const PLUGIN = new URL("..", import.meta.url).pathname;
const UUID = "11111111-2222-3333-4444-5555555555ab";

const document = (name: string, uuid: string, more = "") => `<domain type='xen'><name>${name}</name><uuid>${uuid}</uuid>
  <memory unit='MiB'>160</memory><currentMemory unit='MiB'>128</currentMemory><vcpu current='1'>2</vcpu>
  <os><type arch='x86_64' machine='xenpv'>linux</type><kernel>/guests/vmlinuz</kernel></os>${more}
  <devices><console type='pty'><target type='xen'/></console></devices></domain>`;
const DISK = `<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='/guests/disk.img'/><target dev='xvdb' bus='xen'/></disk>`;
const NIC = `<interface type='bridge'><mac address='00:16:3e:00:00:22'/><source bridge='xenbr0'/><target dev='lo'/></interface>`;

interface Scene {
  readonly standIn: StandInDom0;
  readonly host: Host;
  readonly connection: Connection;
  readonly api: HypervisorClient;
  readonly root: string;
  /** Lifecycle events so far: the domain's name, the event and its detail. */
  readonly heard: string[];
  again(): Promise<Scene>;
}

/** The driver on a dom0 that others stand in for: see the rig for the real one. */
async function scene(t: ExecutionContext): Promise<Scene> {
  t.timeout(MINUTES);
  const root = await mkdtemp(join(tmpdir(), "xen-driver-"));
  const standIn = await startStandIn(join(root, "dom0"));
  const hosts: Host[] = [];
  t.teardown(async () => {
    for (const host of hosts) await host.close();
    await standIn.close();
    await rm(root, { recursive: true, force: true });
  });
  const open = async (): Promise<Scene> => {
    const host = await createHost({
      plugins: [PLUGIN],
      mode: "system",
      paths: rootPaths(root),
      pluginConfiguration: { xen: { values: standIn.settings } },
    });
    hosts.push(host);
    await host.start();
    const connection = await host.open("xen:///system");
    const heard: string[] = [];
    void listen(await connection.events({ kinds: ["lifecycle"] }), heard);
    const again = async () => {
      await host.close();
      return open();
    };
    return { standIn, host, connection, api: connection.api, root, heard, again };
  };
  return open();
}

async function listen(events: AsyncIterable<DomainEvent>, heard: string[]): Promise<void> {
  try {
    for await (const event of events)
      if (event.kind === "lifecycle") heard.push(`${event.dom.name} ${event.event}.${event.detail}`);
  } catch (error) {
    heard.push((error as Error).message);
  }
}

async function until(t: ExecutionContext, what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + MINUTES; Date.now() < end; ) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  t.fail(what);
}

const stateOf = async ({ api }: Scene, dom: Domain) => (await api.domainGetState({ dom, flags: 0 })).state;

test("a domain lives: started, paused, asked to reboot and to shut down", async (t) => {
  const it = await scene(t);
  const { api, heard } = it;
  const dom = await api.domainDefineXML({ xml: document("g", UUID) });
  t.deepEqual(await api.connectListDefinedDomains({ maxnames: 9 }), ["g"]);
  const { id } = await api.domainCreateWithFlags({ dom, flags: 1 });
  t.is(await stateOf(it, dom), 3);
  await api.domainResume({ dom });
  await api.domainSuspend({ dom });
  await api.domainResume({ dom });
  t.is(await stateOf(it, dom), 1);
  t.is((await api.domainLookupByID({ id })).uuid, UUID);
  await api.domainReboot({ dom, flags: 0 });
  await until(t, "it has booted anew", async () => (await api.domainLookupByUUID({ uuid: UUID })).id > id);
  await api.domainShutdown({ dom });
  await until(t, "it is off", async () => (await stateOf(it, dom)) === 5);
  const life = ["g 0.0", "g 2.0", "g 3.0", "g 4.0", "g 3.0", "g 4.0", "g 5.0", "g 2.0", "g 5.0"];
  await until(t, "all has been told", () => heard.length >= life.length);
  t.deepEqual(heard, life);
  await api.domainCreate({ dom });
  await api.domainShutdownFlags({ dom, flags: 16 });
  await until(t, "it is off again", async () => (await stateOf(it, dom)) === 5);
  await api.domainCreate({ dom });
  await api.domainDestroyFlags({ dom, flags: 0 });
  t.deepEqual(it.standIn.domains.ids, []);
  await api.domainUndefine({ dom });
  await t.throwsAsync(api.domainLookupByName({ name: "g" }), { code: "NO_DOMAIN" });
});

test("a domain that others make appears, changes and goes, and each is told", async (t) => {
  const it = await scene(t);
  const { standIn, api, heard } = it;
  const path = join(it.root, "other.cfg");
  const { writeFile } = await import("node:fs/promises");
  await writeFile(path, `name = "other"\ntype = "pvh"\nuuid = "${UUID}"\nmemory = 64\n`);
  await standIn.domains.run(["create", "-e", path]);
  await until(t, "it appears", () => heard.includes("other 2.0"));
  const dom = await api.domainLookupByName({ name: "other" });
  t.false(await api.domainIsPersistent({ dom }));
  t.regex(await api.domainGetXMLDesc({ dom, flags: 0 }), /<type arch='x86_64' machine='xenpvh'>xenpvh<\/type>/);
  await standIn.domains.run(["pause", String(dom.id)]);
  t.is((await api.domainGetInfo({ dom })).state, 3);
  // Whoever made it looks after it: it is not ended, and not begun anew, by us.
  standIn.domains.end(dom.id, 1);
  await api.domainGetInfo({ dom });
  t.true(standIn.domains.has(dom.id));
  await standIn.domains.run(["destroy", String(dom.id)]);
  await until(t, "it is gone", () => heard.at(-1)?.startsWith("other 5.") === true);
  await t.throwsAsync(api.domainLookupByName({ name: "other" }), { code: "NO_DOMAIN" });
});

test("a domain that somebody is making is known once it is there", async (t) => {
  const first = await scene(t);
  const id = first.standIn.domains.beginMaking("new", UUID);
  const it = await first.again();
  t.deepEqual(await it.api.connectListDomains({ maxids: 9 }), [0]);
  it.standIn.domains.finishMaking(id);
  await until(t, "it appears", () => it.heard.includes("new 2.0"));
  const dom = await it.api.domainLookupByName({ name: "new" });
  t.regex(await it.api.domainGetXMLDesc({ dom, flags: 0 }), /<kernel>\/guests\/vmlinuz<\/kernel>/);
});

test("domains and what is to become of them survive the driver", async (t) => {
  const first = await scene(t);
  await first.api.domainCreateXML({ xmlDesc: document("t", UUID.replace("ab", "01")), flags: 0 });
  const saved = await first.api.domainDefineXML({ xml: document("s", UUID.replace("ab", "02")) });
  await first.api.domainCreate({ dom: saved });
  await first.api.domainManagedSave({ dom: saved, flags: 0 });
  const kept = await first.api.domainDefineXML({ xml: document("k", UUID, "<on_poweroff>restart</on_poweroff>") });
  await first.api.domainSetAutostart({ dom: kept, autostart: true });
  await first.api.domainCreate({ dom: kept });
  const it = await first.again();
  const { api } = it;
  t.is(await stateOf(it, await api.domainLookupByName({ name: "t" })), 1);
  t.is(await api.domainHasManagedSaveImage({ dom: saved, flags: 0 }), 1);
  t.true(await api.domainGetAutostart({ dom: kept }));
  const { id } = await api.domainLookupByName({ name: "k" });
  it.standIn.domains.end(id, 0);
  await until(t, "it runs again", async () => (await api.domainLookupByName({ name: "k" })).id > id);
});

test("saving, dumping, and coming back", async (t) => {
  const it = await scene(t);
  const { api, root } = it;
  const dom = await api.domainDefineXML({ xml: document("g", UUID) });
  await api.domainCreate({ dom });
  const to = join(root, "dom0/g.save");
  await api.domainCoreDump({ dom, to: join(root, "dom0/core"), flags: 0 });
  await api.domainSave({ dom, to });
  t.is(await stateOf(it, dom), 5);
  await t.throwsAsync(api.domainSave({ dom, to }), { code: "OPERATION_INVALID" });
  const xml = await api.domainSaveImageGetXMLDesc({ file: to, flags: 0 });
  await api.domainSaveImageDefineXML({
    file: to,
    dxml: xml.replace("destroy</on_crash>", "restart</on_crash>"),
    flags: 0,
  });
  await api.domainRestore({ from: to });
  t.regex(await api.domainGetXMLDesc({ dom, flags: 0 }), /<on_crash>restart</);
  await api.domainSaveFlags({ dom, to, dxml: null, flags: 0 });
  await api.domainRestoreFlags({ from: to, dxml: null, flags: 4 });
  t.is(await stateOf(it, dom), 3);
  await api.domainResume({ dom });
  await t.throwsAsync(api.domainRestore({ from: to }), { code: "OPERATION_INVALID" });
  await t.throwsAsync(api.domainRestore({ from: join(root, "none") }), { message: /cannot open it/ });

  await api.domainManagedSave({ dom, flags: 0 });
  t.is(await api.domainHasManagedSaveImage({ dom, flags: 0 }), 1);
  await t.throwsAsync(api.domainUndefine({ dom }), { message: /managed save image exists/ });
  await api.domainCreate({ dom });
  t.is(await api.domainHasManagedSaveImage({ dom, flags: 0 }), 0);
  await api.domainManagedSave({ dom, flags: 0 });
  await api.domainManagedSaveRemove({ dom, flags: 0 });
  it.standIn.domains.failures.set("save", "libxl: error: libxl_x.c:1:f: Domain 9:no room");
  await api.domainCreate({ dom });
  await t.throwsAsync(api.domainSave({ dom, to }), { message: /Failed to save domain .*: Domain 9:no room/ });
  t.is(await stateOf(it, dom), 1);
  await api.domainManagedSave({ dom, flags: 0 });
  await api.domainUndefineFlags({ dom, flags: 1 });
});

test("memory, processors and their scheduler are set and told", async (t) => {
  const { api, standIn } = await scene(t);
  const dom = await api.domainDefineXML({ xml: document("g", UUID) });
  await api.domainCreate({ dom });
  standIn.takeCommands();
  await api.domainSetMemory({ dom, memory: 140 * 1024 });
  await t.throwsAsync(api.domainSetMemoryFlags({ dom, memory: 999 * 1024, flags: 1 }), { code: "INVALID_ARG" });
  await api.domainSetMemoryFlags({ dom, memory: 132 * 1024, flags: 3 });
  await api.domainSetMaxMemory({ dom, memory: 192 * 1024 });
  t.is(Number(await api.domainGetMaxMemory({ dom })), 192 * 1024);
  t.like(await api.domainGetInfo({ dom }), { memory: 132 * 1024 });
  t.is((await api.domainMemoryStats({ dom, flags: 0 })).length, 2);
  await api.domainSetVcpus({ dom, nvcpus: 2 });
  await api.domainSetVcpusFlags({ dom, nvcpus: 3, flags: 6 });
  await t.throwsAsync(api.domainSetVcpus({ dom, nvcpus: 3 }), { code: "INVALID_ARG" });
  t.is(await api.domainGetVcpusFlags({ dom, flags: 6 }), 3);
  t.is(await api.domainGetMaxVcpus({ dom }), 2);
  await api.domainPinVcpu({ dom, vcpu: 1, cpumap: Buffer.from([2]) });
  await api.domainPinVcpuFlags({ dom, vcpu: 0, cpumap: Buffer.from([1]), flags: 3 });
  t.deepEqual((await api.domainGetVcpuPinInfo({ dom, ncpumaps: 2, maplen: 1, flags: 1 })).cpumaps, Buffer.from([1, 2]));
  const { info, cpumaps } = await api.domainGetVcpus({ dom, maxinfo: 9, maplen: 1 });
  t.deepEqual([info.length, cpumaps], [2, Buffer.from([1, 2])]);
  t.deepEqual(await api.domainGetSchedulerType({ dom }), { type: "credit2", nparams: 2 });
  await api.domainSetSchedulerParameters({ dom, params: [{ field: "weight", type: "uint", value: 512 }] });
  await api.domainSetSchedulerParametersFlags({ dom, params: [{ field: "cap", type: "uint", value: 50 }], flags: 1 });
  const figures = await api.domainGetSchedulerParameters({ dom, nparams: 2 });
  t.deepEqual(
    figures.map(({ value }) => value),
    [512, 50],
  );
  t.deepEqual(await api.domainGetSchedulerParametersFlags({ dom, nparams: 2, flags: 0 }), figures);
  t.is((await api.domainGetCPUStats({ dom, nparams: 1, startCpu: -1, ncpus: 1, flags: 0 })).nparams, 1);
  await api.domainGetNumaParameters({ dom, flags: 0 });
  const asked = standIn.takeCommands();
  for (const command of [
    "mem-set 1 143360k",
    "mem-max 1 196608k",
    "vcpu-set 1 2",
    "vcpu-pin 1 1 1",
    "sched-credit2 -d 1 -w 512",
  ])
    t.true(asked.includes(command), `${command} in ${asked.join("; ")}`);
});

test("devices come and go, in the guest and in its definition", async (t) => {
  const { api, standIn } = await scene(t);
  const dom = await api.domainDefineXML({ xml: document("g", UUID) });
  await api.domainCreate({ dom });
  await api.domainAttachDeviceFlags({ dom, xml: DISK, flags: 3 });
  await t.throwsAsync(api.domainAttachDevice({ dom, xml: DISK }), { message: /target xvdb already exists/ });
  await api.domainAttachDevice({ dom, xml: NIC });
  t.is(Number((await api.domainInterfaceStats({ dom, device: "lo" })).rxErrs) >= 0, true);
  await t.throwsAsync(api.domainInterfaceStats({ dom, device: "none" }), { code: "INVALID_ARG" });
  const stats = await api.connectGetAllDomainStats({ doms: [dom], stats: 0, flags: 0 });
  t.true(stats[0]?.params.some(({ field, value }) => field === "block.0.name" && value === "xvdb"));
  t.true(stats[0]?.params.some(({ field }) => field === "vcpu.0.time"));
  await t.throwsAsync(api.domainBlockStats({ dom, path: "xvdb" }), { message: /stats for xvdb are not there/ });
  await t.throwsAsync(api.domainBlockStatsFlags({ dom, path: "xvdq", flags: 0 }), { code: "INVALID_ARG" });
  await api.domainUpdateDeviceFlags({ dom, xml: DISK.replace("disk.img", "other.img"), flags: 2 });
  t.regex(await api.domainGetXMLDesc({ dom, flags: 2 }), /other\.img/);
  await api.domainDetachDevice({ dom, xml: NIC });
  await api.domainDetachDeviceFlags({ dom, xml: DISK, flags: 3 });
  t.notRegex(await api.domainGetXMLDesc({ dom, flags: 2 }), /xvdb/);
  const asked = standIn.takeCommands().join("\n");
  t.regex(asked, /block-attach 1 .*target=\/guests\/disk\.img/);
  t.regex(asked, /network-attach 1 .*bridge=xenbr0/);
  t.regex(asked, /network-detach 1 00:16:3e:00:00:22/);
  t.regex(asked, /block-detach 1 xvdb/);
});

test("what a host is and can is told, and native configurations go both ways", async (t) => {
  const { api, connection } = await scene(t);
  t.is(connection.uri, "xen:///system");
  t.is(await api.connectGetType({}), "Xen");
  t.is(Number(await api.connectGetVersion({})), 4_017_007);
  t.is(await api.connectGetHostname({}), "dom0");
  t.is(await api.connectGetMaxVcpus({ type: null }), 2);
  t.like(await api.nodeGetInfo({}), { model: "x86_64", cpus: 2, sockets: 1, cores: 2 });
  t.true(Number(await api.nodeGetFreeMemory({})) > 0);
  t.is((await api.nodeGetCellsFreeMemory({ startCell: 0, maxcells: 4 })).length, 1);
  t.is((await api.nodeGetCPUMap({ needMap: 1, needOnline: 1, flags: 0 })).online, 2);
  t.is((await api.nodeGetMemoryStats({ cellNum: -1, flags: 0 })).length, 2);
  t.is((await api.nodeGetSecurityModel({})).model, "");
  t.regex(await api.connectGetCapabilities({}), /<os_type>xen<\/os_type>/);
  const wish = { emulatorbin: null, arch: null, machine: null, virttype: null, flags: 0 };
  t.regex(await api.connectGetDomainCapabilities(wish), /<domain>xen<\/domain>/);
  const cpu = "<cpu><arch>x86_64</arch><model>Westmere</model></cpu>";
  t.regex(await api.connectBaselineCPU({ xmlCPUs: [cpu], flags: 0 }), /Westmere/);
  await t.throwsAsync(api.connectGetSysinfo({ flags: 0 }), { code: "CONFIG_UNSUPPORTED" });
  const text = await api.connectDomainXMLToNative({ nativeFormat: "xen-xl", domainXml: document("g", UUID), flags: 0 });
  const xml = await api.connectDomainXMLFromNative({ nativeFormat: "xen-xl", nativeConfig: text, flags: 0 });
  t.regex(xml, /<name>g<\/name>/);
  const dom0 = await api.domainLookupByID({ id: 0 });
  t.is(dom0.name, "Domain-0");
  for (const refused of [
    api.domainDestroy({ dom: dom0 }),
    api.domainSuspend({ dom: dom0 }),
    api.domainShutdown({ dom: dom0 }),
  ])
    await t.throwsAsync(refused, { message: /Domain-0 does not support requested operation/ });
  t.is((await api.connectListAllDomains({ flags: 1 })).length, 1);
  for (const name of ["pci_0000_00_02_0"]) {
    await api.nodeDeviceDettach({ name });
    await api.nodeDeviceDetachFlags({ name, driverName: null, flags: 0 });
    await api.nodeDeviceReAttach({ name });
    await t.throwsAsync(api.nodeDeviceReset({ name: "pci_ffff_00_02_0" }), { code: "INTERNAL_ERROR" });
    await t.throwsAsync(api.nodeDeviceDettach({ name: "usb_1" }), { code: "NO_NODE_DEVICE" });
  }
});

test("what else is asked of a domain", async (t) => {
  const { api } = await scene(t);
  const dom = await api.domainDefineXMLFlags({ xml: document("g", UUID), flags: 0 });
  await api.domainCreate({ dom });
  t.is(await api.domainGetOSType({ dom }), "xen");
  t.true(await api.domainIsActive({ dom }));
  t.false(await api.domainIsUpdated({ dom }));
  t.deepEqual(await api.domainGetMessages({ dom, flags: 0 }), []);
  await t.throwsAsync(api.domainInterfaceAddresses({ dom, source: 0, flags: 0 }), { code: "ARGUMENT_UNSUPPORTED" });
  await api.domainSetMetadata({ dom, type: 0, metadata: "a guest", key: null, uri: null, flags: 1 });
  t.is(await api.domainGetMetadata({ dom, type: 0, uri: null, flags: 1 }), "a guest");
  t.is((await api.domainGetJobInfo({ dom })).type, 0);
  t.is((await api.domainGetJobStats({ dom, flags: 0 })).type, 0);
  await api.domainPMSuspendForDuration({ dom, target: 0, duration: 0, flags: 0 });
  t.is((await api.domainGetState({ dom, flags: 0 })).state, 7);
  await api.domainPMWakeup({ dom, flags: 0 });
  await api.domainInjectNMI({ dom, flags: 0 });
  t.is(await api.connectNumOfDomains({}), 2);
  t.is((await api.connectListDomains({ maxids: 9 })).length, 2);
  t.is(await api.connectNumOfDefinedDomains({}), 0);
  const console = await api.domainOpenConsole({ dom, devName: null, flags: 0 });
  await t.throwsAsync(api.domainOpenConsole({ dom, devName: null, flags: 0 }), { message: /Active console session/ });
  console.write("hello\n");
  let echo = "";
  for await (const chunk of console) {
    echo += Buffer.from(chunk as Uint8Array).toString();
    if (echo.includes("hello\n")) break;
  }
  t.regex(echo, /hello/);
});

test("live migration of a domain to its own dom0 gives it another id", async (t) => {
  const { api, heard } = await scene(t);
  const dom = await api.domainDefineXML({ xml: document("g", UUID) });
  const { id } = await api.domainCreateWithFlags({ dom, flags: 0 });
  const flags = 1;
  const { xml } = await api.domainMigrateBegin3Params({ dom, params: [], flags });
  const text = (field: string, value: string) => ({ field, type: "string", value }) as const;
  const cookieIn = Buffer.alloc(0);
  const toDestination = [text("destination_xml", xml), text("destination_name", "g")];
  const { uriOut } = await api.domainMigratePrepare3Params({ params: toDestination, cookieIn, flags });
  const params = [...toDestination, text("migrate_uri", uriOut ?? "")];
  await api.domainMigratePerform3Params({ dom, dconnuri: null, params, cookieIn, flags });
  const moved = await api.domainMigrateFinish3Params({ params, cookieIn, flags, cancelled: 0 });
  await api.domainMigrateConfirm3Params({ dom, params, cookieIn, flags, cancelled: 0 });
  t.true(moved.dom.id > id);
  t.is((await api.domainGetState({ dom, flags: 0 })).state, 1);
  await until(t, "it is told", () => heard.at(-1) === "g 2.1");
  t.is(heard.at(-2), "g 5.3");
});

test("a dom0 that goes away takes its connections with it, and is reached anew", async (t) => {
  const it = await scene(t);
  await it.api.domainDefineXML({ xml: document("g", UUID) });
  it.standIn.cut();
  await until(t, "the connection is lost", async () =>
    it.api.nodeGetFreeMemory({}).then(
      () => false,
      (error: unknown) => error instanceof VirtError,
    ),
  );
  const connection = await it.host.open("xen:///system");
  t.is((await connection.api.connectListAllDomains({ flags: 0 })).length, 2);
});

test("what is no dom0 of Xen's says so at once", async (t) => {
  const it = await scene(t);
  for (const uri of ["xen:///other", "xen://host/system"]) await t.throwsAsync(it.host.open(uri));
  await t.throwsAsync(it.host.open("xen:///system?dom0=nobody"), { message: /no dom0 of the name 'nobody' is set/ });
});
