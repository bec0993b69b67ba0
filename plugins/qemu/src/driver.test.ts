import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import {
  AFFECT,
  CREATE_FLAG,
  DESTROY_FLAG,
  type DomainHandle,
  UNDEFINE_FLAG,
  VCPU_FLAG,
  VirtError,
} from "@polyvisor/core";
import { EMULATOR, echoGuest, hasEmulator } from "@polyvisor/sdk/testkit";
import test from "ava";
import { makeRig, makeRoot, pidOf, until } from "./testing/harness.js";

const withQemu = (await hasEmulator()) ? test : test.skip;

/** The smallest guest: a machine with nothing to boot from. */
function emptyGuest(name: string, devices = "", rest = ""): string {
  return `<domain type='qemu'><name>${name}</name><memory>65536</memory><vcpu>1</vcpu>
    <os><type arch='x86_64' machine='q35'>hvm</type></os>${rest}
    <devices><emulator>${EMULATOR}</emulator>${devices}</devices></domain>`;
}

const stateOf = async (domain: DomainHandle) => Object.values(await domain.state());

withQemu("a guest's life: each step has libvirt's state, reason and events, in libvirt's order", async (t) => {
  const { connection, heard, leftovers, complaints } = await makeRig(t);
  const domain = await connection.define(emptyGuest("g"));
  const steps: [string, () => Promise<unknown>, number[], string[]][] = [
    ["define", async () => {}, [5, 0], ["g: DEFINED 0"]],
    ["start", () => domain.create(), [1, 1], ["g: RESUMED 0", "g: STARTED 0"]],
    ["suspend", () => domain.suspend(), [3, 1], ["g: SUSPENDED 0"]],
    ["suspend again", () => domain.suspend(), [3, 1], []],
    ["resume", () => domain.resume(), [1, 5], ["g: RESUMED 0"]],
    ["destroy", () => domain.destroy(), [5, 2], ["g: SHUTDOWN 2", "g: STOPPED 1"]],
    ["start paused", () => domain.create(CREATE_FLAG.PAUSED), [3, 1], ["g: STARTED 0", "g: SUSPENDED 0"]],
    ["destroy paused", () => domain.destroy(DESTROY_FLAG.GRACEFUL), [5, 2], ["g: SHUTDOWN 2", "g: STOPPED 1"]],
    ["redefine", async () => connection.define(await domain.getXMLDesc(2)), [5, 2], ["g: DEFINED 1"]],
  ];
  for (const [step, act, state, events] of steps) {
    await act();
    t.deepEqual(await stateOf(domain), state, step);
    await delay(0);
    t.deepEqual(heard(), events, step);
  }
  t.deepEqual(await leftovers(), []);
  await domain.undefine();
  await delay(0);
  t.deepEqual(heard(), ["g: UNDEFINED 0"]);
  await t.throwsAsync(domain.state(), { message: /^Domain not found: no domain with matching uuid / });
  t.deepEqual(complaints, []);
});

withQemu("a reset is told as a reboot, and the guest runs on", async (t) => {
  const { connection, heard } = await makeRig(t);
  const domain = await connection.createXML(emptyGuest("g"));
  heard();
  await domain.reset();
  await until(() => heard().includes("g: reboot"));
  t.deepEqual(await stateOf(domain), [1, 1]);
});

withQemu("a guest that ends by itself has crashed, or shut down if it said so", async (t) => {
  const { connection, heard, root, leftovers } = await makeRig(t);
  const domain = await connection.define(emptyGuest("g"));
  for (const [signal, state, events] of [
    ["SIGKILL", [5, 3], ["g: STOPPED 5"]],
    ["SIGTERM", [5, 1], ["g: SHUTDOWN 2", "g: STOPPED 0"]],
  ] as const) {
    await domain.create();
    heard();
    process.kill(await pidOf(root, "g"), signal);
    await until(async () => (await stateOf(domain))[0] === 5);
    t.deepEqual(await stateOf(domain), [...state]);
    t.deepEqual(heard(), [...events]);
    t.deepEqual(await leftovers(), []);
  }
});

withQemu("a transient guest is gone when it stops, and autodestroyed ones go with their connection", async (t) => {
  const { connection, host } = await makeRig(t);
  const stays = await connection.createXML(emptyGuest("stays"));
  const client = await host.open("qemu:///system");
  await client.createXML(emptyGuest("goes"), CREATE_FLAG.AUTODESTROY);
  t.deepEqual(
    (await connection.domains()).map((domain) => domain.name),
    ["stays", "goes"],
  );
  await client.close();
  await until(async () => (await connection.domains()).length === 1);
  await stays.destroy();
  t.deepEqual(await connection.domains(), []);
});

withQemu("an undefined guest runs on, and is gone when it stops", async (t) => {
  const { connection } = await makeRig(t);
  const domain = await connection.define(emptyGuest("g"));
  await domain.create();
  await domain.undefine();
  t.false(await connection.api.domainIsPersistent({ dom: domain }));
  t.deepEqual(await stateOf(domain), [1, 1]);
  await t.throwsAsync(domain.undefine(), { message: /cannot undefine transient domain/ });
  await domain.destroy();
  await t.throwsAsync(domain.info(), { message: /^Domain not found/ });
});

withQemu("a start that fails says why in libvirt's words, and leaves nothing", async (t) => {
  const { connection, leftovers, heard, root } = await makeRig(t);
  const broken = join(root, "broken-emulator");
  await writeFile(
    broken,
    `#!/bin/sh\ncase "$*" in *"-S -no-user"*) exec ${EMULATOR} "$@";; esac\necho the firmware is missing >&2; exit 1\n`,
  );
  await chmod(broken, 0o755);
  const disk =
    "<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='/nonexistent/disk'/><target dev='vda' bus='virtio'/></disk>";
  const bridge = "<interface type='bridge'><source bridge='no-such-br'/><model type='virtio'/></interface>";
  const kernel = emptyGuest("g").replace("</os>", "<kernel>/nonexistent/vmlinuz</kernel></os>");
  const cases: [string, string, string | RegExp][] = [
    ["disk", emptyGuest("g", disk), "Cannot access storage file '/nonexistent/disk': No such file or directory"],
    ["bridge", emptyGuest("g", bridge), "Cannot get interface MTU on 'no-such-br': No such device"],
    [
      "kernel",
      kernel,
      /^internal error: process exited while connecting to monitor: .*could not open kernel file '\/nonexistent\/vmlinuz'/,
    ],
    [
      "emulator that ends",
      emptyGuest("g").replace(EMULATOR, broken),
      "internal error: process exited while connecting to monitor: the firmware is missing",
    ],
  ];
  for (const [what, xml, message] of cases) {
    const domain = await connection.define(xml);
    heard();
    const error = await t.throwsAsync(domain.create(), { instanceOf: VirtError, message }, what);
    t.is(error?.domain, "QEMU", what);
    t.deepEqual(await stateOf(domain), [5, 6], what);
    t.deepEqual(heard(), [], what);
    t.deepEqual(await leftovers(), [], what);
    await domain.undefine();
    await t.throwsAsync(connection.createXML(xml), { message }, what);
    t.deepEqual(await connection.domains(), [], what);
  }
  await t.throwsAsync(connection.define(emptyGuest("g").replace(EMULATOR, "/nonexistent/qemu")), {
    message: "Cannot check QEMU binary /nonexistent/qemu: No such file or directory",
  });
});

withQemu("a destroy overtakes a start, and nothing of either is left", async (t) => {
  const { connection, leftovers } = await makeRig(t);
  const domain = await connection.define(emptyGuest("g"));
  for (const wait of [0, 2, 5, 10, 20, 30, 50]) {
    const started = domain.create().then(
      () => "started",
      (error: VirtError) => error.message,
    );
    await delay(wait);
    const destroyed = await domain.destroy().then(
      () => "destroyed",
      (error: VirtError) => error.message,
    );
    const outcome = `${wait} ms: ${await started}, ${destroyed}`;
    if (destroyed !== "destroyed") await domain.destroy();
    t.like(await domain.state(), { state: 5 }, outcome);
    t.deepEqual(await leftovers(), [], outcome);
  }
});

withQemu("a hung emulator is destroyed, and whoever waits for it learns that it is gone", async (t) => {
  const { connection, root, leftovers } = await makeRig(t);
  const domain = await connection.define(emptyGuest("g"));
  await domain.create();
  process.kill(await pidOf(root, "g"), "SIGSTOP");
  const messageOf = (call: Promise<unknown>) =>
    call.then(
      () => "done",
      (error: VirtError) => error.message,
    );
  const holder = messageOf(domain.suspend());
  const waiter = messageOf(domain.resume());
  t.deepEqual(await stateOf(domain), [1, 1]);
  await t.throwsAsync(domain.destroy(DESTROY_FLAG.GRACEFUL), {
    message: /^Failed to terminate process \d+ with SIGTERM: Device or resource busy$/,
  });
  t.deepEqual(await stateOf(domain), [1, 1]);
  await domain.destroy();
  t.is(await holder, "operation failed: domain is no longer running");
  t.is(await waiter, "Requested operation is not valid: domain is not running");
  t.deepEqual(await stateOf(domain), [5, 2]);
  t.deepEqual(await leftovers(), []);
});

withQemu("a job that is stuck is seen and cancelled, and the guest goes on", async (t) => {
  const { connection, root } = await makeRig(t);
  const domain = await connection.define(emptyGuest("g"));
  await domain.create();
  const pid = await pidOf(root, "g");
  process.kill(pid, "SIGSTOP");
  const stuck = t.throwsAsync(domain.suspend());
  const waits = domain.resume();
  const shown = (await connection.jobs()).map(({ dom, kind, api, state }) => [dom.name, kind, api, state]);
  t.deepEqual(shown, [
    ["g", "suspend", "domainSuspend", "running"],
    ["g", "modify", "domainResume", "waiting"],
  ]);
  const [holder] = await connection.jobs();
  await domain.cancelJob(holder?.id ?? 0);
  t.is((await stuck)?.message, "operation aborted: the job was cancelled");
  await t.throwsAsync(domain.cancelJob(holder?.id ?? 0), { message: /^invalid argument: domain 'g' has no job \d+$/ });
  t.is(
    await waits.catch((error: VirtError) => error.message),
    "Requested operation is not valid: domain is already running",
  );
  t.deepEqual(await connection.jobs(), []);
  process.kill(pid, "SIGCONT");
  await domain.suspend();
  t.is((await stateOf(domain))[0], 3);
});

withQemu("calls that do not fit the state of a domain are refused in libvirt's words", async (t) => {
  const { connection, root } = await makeRig(t);
  const { api } = connection;
  const dom = await connection.define(emptyGuest("g"));
  const notRunning = "Requested operation is not valid: domain is not running";
  for (const call of [
    () => dom.suspend(),
    () => dom.resume(),
    () => dom.reset(),
    () => dom.reboot(),
    () => dom.shutdown(),
    () => dom.destroy(),
    () => api.domainSetMemory({ dom, memory: 1024 }),
    () => api.domainMemoryStats({ dom, flags: 0 }),
    () => dom.openConsole(),
  ]) {
    await t.throwsAsync(call, { message: notRunning }, String(call));
  }
  await dom.create();
  const cases: [() => Promise<unknown>, string][] = [
    [() => dom.create(), "Requested operation is not valid: domain is already running"],
    [() => dom.resume(), "Requested operation is not valid: domain is already running"],
    [
      () => connection.createXML(emptyGuest("g")),
      /* another uuid */ `operation failed: domain 'g' already exists with uuid ${dom.uuid}`,
    ],
    [
      () => connection.createXML(emptyGuest("g").replace("<name>", `<uuid>${dom.uuid}</uuid><name>`)),
      "Requested operation is not valid: domain 'g' is already active",
    ],
    [
      () => connection.define(emptyGuest("other").replace("<name>", `<uuid>${dom.uuid}</uuid><name>`)),
      `operation failed: domain 'g' is already defined with uuid ${dom.uuid}`,
    ],
    [
      () => api.domainSetMaxMemory({ dom, memory: 1 << 20 }),
      "Requested operation is not valid: cannot resize the maximum memory on an active domain",
    ],
    [
      () => api.domainSetVcpus({ dom, nvcpus: 9 }),
      "invalid argument: requested vcpus is greater than max allowable vcpus for the live domain: 9 > 1",
    ],
    [
      () => api.domainGetVcpusFlags({ dom, flags: AFFECT.LIVE | AFFECT.CONFIG }),
      "Flags 'VIR_DOMAIN_AFFECT_LIVE' and 'VIR_DOMAIN_AFFECT_CONFIG' are mutually exclusive",
    ],
    [() => dom.create(1 << 20), "unsupported flags (0x100000) in function qemuDomainCreateWithFlags"],
    [
      () => dom.undefine(UNDEFINE_FLAG.NVRAM | UNDEFINE_FLAG.KEEP_NVRAM),
      "Requested operation is not valid: cannot both keep and delete nvram",
    ],
    [() => dom.openConsole("nope"), "internal error: cannot find character device nope"],
  ];
  for (const [call, message] of cases) await t.throwsAsync(call, { message });
  t.is(await pidOf(root, "g"), await pidOf(root, "g"));
  t.deepEqual(await stateOf(dom), [1, 1]);
});

withQemu("the console carries bytes both ways, for one user at a time", async (t) => {
  const { connection, root } = await makeRig(t);
  const domain = await connection.createXML(await echoGuest(root, "echo"));
  const first = await domain.openConsole();
  let text = "";
  first.on("data", (data: Buffer) => {
    text += data.toString("latin1");
  });
  await until(() => {
    first.write("x");
    return text.includes("x");
  });
  await t.throwsAsync(domain.openConsole(), {
    message: "operation failed: Active console session exists for this domain",
  });
  const second = await domain.openConsole("serial0", 1);
  await until(() => first.destroyed);
  const third = domain.openConsole();
  await t.throwsAsync(third, { message: /Active console session/ });
  second.destroy();
  await until(() => second.closed);
  const last = await domain.openConsole();
  const ended = new Promise((resolve) => last.once("close", resolve));
  await domain.destroy();
  await ended;
});

withQemu("memory and virtual CPUs of the definition change, within their bounds", async (t) => {
  const { connection } = await makeRig(t);
  const { api } = connection;
  const dom = await connection.define(emptyGuest("g").replace("<vcpu>1", "<vcpu>4"));
  await api.domainSetMaxMemory({ dom, memory: 131072 });
  await api.domainSetMemoryFlags({ dom, memory: 32768, flags: AFFECT.CONFIG });
  await api.domainSetVcpusFlags({ dom, nvcpus: 2, flags: AFFECT.CONFIG });
  t.deepEqual(Object.values(await dom.info()).map(Number), [5, 131072, 32768, 2, 0]);
  await t.throwsAsync(api.domainGetMaxVcpus({ dom }), { message: /domain is not running/ });
  const max = () => api.domainGetVcpusFlags({ dom, flags: AFFECT.CONFIG | VCPU_FLAG.MAXIMUM });
  t.is(await max(), 4);
  await t.throwsAsync(api.domainSetMemoryFlags({ dom, memory: 131073, flags: AFFECT.CONFIG }), {
    message: "invalid argument: cannot set memory higher than max memory",
  });
  await api.domainSetVcpusFlags({ dom, nvcpus: 8, flags: AFFECT.CONFIG | VCPU_FLAG.MAXIMUM });
  t.is(await max(), 8);
});

withQemu("statistics of a running guest have libvirt's names", async (t) => {
  const { connection, root } = await makeRig(t);
  const dom = await connection.createXML(await echoGuest(root, "g"));
  await connection.define(emptyGuest("off"));
  const records = await connection.api.connectGetAllDomainStats({ doms: [], stats: 0, flags: 0 });
  const fields = new Map(records.map((record) => [record.dom.name, record.params.map((param) => param.field)]));
  t.deepEqual(fields.get("off"), [
    "state.state",
    "state.reason",
    "balloon.current",
    "balloon.maximum",
    "vcpu.current",
    "vcpu.maximum",
    "block.count",
  ]);
  for (const field of [
    ...["state.state", "cpu.time", "cpu.user", "cpu.system", "balloon.current", "balloon.rss", "vcpu.current"],
    ...["vcpu.0.state", "vcpu.0.time", "vcpu.0.delay", "net.count", "block.count", "block.0.name", "block.0.path"],
    ...["block.0.rd.reqs", "block.0.rd.bytes", "block.0.wr.reqs", "block.0.fl.times", "block.0.capacity"],
  ]) {
    t.true(fields.get("g")?.includes(field), field);
  }
  const stats = await connection.api.domainMemoryStats({ dom, flags: 0 });
  t.true(stats.some(({ tag, val }) => tag === 7 && val > 1000n));
  const { info, cpumaps } = await connection.api.domainGetVcpus({ dom, maxinfo: 9, maplen: 2 });
  t.is(info.length, 1);
  t.true(Buffer.from(cpumaps).readUInt16LE(0) > 0);
});

test("URIs that name nothing here are refused", async (t) => {
  const { host } = await makeRig(t);
  for (const path of ["/nope", "", "/"]) {
    await t.throwsAsync(host.open(`qemu://${path}`), {
      message: `internal error: unexpected qemu URI path '${path}', try qemu:///system`,
    });
  }
  t.is((await host.open("qemu:///session")).uri, "qemu:///session");
});

withQemu("domains that start by themselves do so once in each boot of the host", async (t) => {
  const root = await makeRoot(t);
  const config = join(root, "etc/libvirt/qemu");
  await mkdir(join(config, "autostart"), { recursive: true });
  await writeFile(
    join(config, "auto.xml"),
    emptyGuest("auto").replace("<name>", "<uuid>6b9cbbd3-8f1e-4a0e-8f21-2b1c9d0a7a11</uuid><name>"),
  );
  await symlink(join(config, "auto.xml"), join(config, "autostart/auto.xml"));
  const first = await makeRig(t, root);
  const domain = await first.connection.domain("auto");
  t.true(await first.connection.api.domainGetAutostart({ dom: domain }));
  await until(async () => (await stateOf(domain))[0] === 1);
  await domain.destroy();
  await first.host.close();
  const second = await makeRig(t, root);
  await delay(300);
  t.deepEqual(await stateOf(await second.connection.domain("auto")), [5, 0]);
});
