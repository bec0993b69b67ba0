import { fileURLToPath } from "node:url";
import {
  type Connection,
  createHost,
  type DomainHandle,
  QEMU_MONITOR_COMMAND_FLAG,
  type VirtError,
} from "@polyvisor/core";
import { EMULATOR, hasEmulator, hasLibvirtd, type PrivateLibvirtd, startLibvirtd } from "@polyvisor/sdk/testkit";
import test, { type ExecutionContext } from "ava";

const present = (await hasLibvirtd()) && (await hasEmulator());
const real = present ? test.serial : test.skip;
if (!present) test.skip("no libvirtd or no QEMU is installed, so no monitor is asked", () => {});

let daemon: PrivateLibvirtd;
const host = await createHost({ plugins: [fileURLToPath(new URL("..", import.meta.url))] });

test.before(async () => {
  if (present) daemon = await startLibvirtd();
});
test.after.always(async () => {
  await host.close();
  await daemon?.stop();
});

const GUEST = `<domain type='qemu'><name>g</name><memory>65536</memory>
  <os><type arch='x86_64' machine='q35'>hvm</type></os>
  <devices><emulator>${EMULATOR}</emulator><controller type='usb' model='none'/><memballoon model='none'/></devices></domain>`;

async function open(t: ExecutionContext, uri: string, readOnly = false): Promise<Connection> {
  const connection = await host.open(`${uri}?socket=${daemon.socket}`, { readOnly });
  t.teardown(() => connection.close());
  return connection;
}

/** A guest whose processors do not run. */
async function guest(t: ExecutionContext, connection: Connection): Promise<DomainHandle> {
  const domain = await connection.createXML(GUEST, 1);
  t.teardown(() => domain.destroy());
  return domain;
}

real("a real libvirtd's guest answers commands for its monitor, and says what happens to it", async (t) => {
  const connection = await open(t, "qemu+unix:///session");
  const { api } = connection;
  const dom = await guest(t, connection);
  const ask = (cmd: string, flags = 0) => api.domainQemuMonitorCommand({ dom, cmd, flags });
  t.regex(await ask('{"execute":"query-status"}'), /^\{"return":\{"status":"prelaunch",.*"id":"libvirt-\d+"\}$/);
  t.regex(await ask("info status", QEMU_MONITOR_COMMAND_FLAG.HMP), /^VM status: paused \(prelaunch\)/);
  t.regex((await api.domainGetMessages({ dom, flags: 0 })).join(), /tainted: custom monitor control commands issued/);

  const all = await connection.monitorEvents();
  const stops = await connection.monitorEvents({ event: "^ST", flags: 1 });
  const others = await connection.monitorEvents({ dom: { ...dom, uuid: "00000000-1111-2222-3333-444444444444" } });
  await dom.resume();
  await dom.suspend();
  const heard: string[] = [];
  for await (const { event, dom: about, details, seconds } of all) {
    t.like(about, { name: "g", uuid: dom.uuid });
    t.true(details === null && Number(seconds) > 1_600_000_000);
    heard.push(event);
    if (event === "STOP") break;
  }
  t.deepEqual(heard, ["RESUME", "STOP"]);
  t.like((await stops.next()).value, { event: "STOP" });
  await dom.resume();
  await dom.suspend();
  t.like((await stops.next()).value, { event: "STOP" });
  await stops.return?.();
  await others.return?.();

  const rows: [() => Promise<unknown>, Partial<VirtError>][] = [
    [() => ask('{"execute'), { code: "INTERNAL_ERROR" }],
    [
      () => api.domainQemuAgentCommand({ dom, cmd: '{"execute":"guest-ping"}', timeout: -1, flags: 0 }),
      { code: "OPERATION_INVALID", message: "Requested operation is not valid: domain is not running" },
    ],
    [() => api.domainQemuAttach({ pidValue: 1, flags: 0 }), { code: "NO_SUPPORT" }],
    [() => api.domainLxcOpenNamespace({ dom, flags: 0 }), { code: "NO_SUPPORT" }],
    [() => connection.monitorEvents({ event: "(", flags: 1 }), { code: "INVALID_ARG" }],
  ];
  for (const [act, error] of rows) t.like(await t.throwsAsync<VirtError>(act), error);
});

real("other drivers have no monitors, and a read-only connection must not ask them", async (t) => {
  const other = await open(t, "test+unix:///default");
  const dom = await other.domain("test");
  const calls: (() => Promise<unknown>)[] = [
    () => other.api.domainQemuMonitorCommand({ dom, cmd: "{}", flags: 0 }),
    () => other.monitorEvents(),
  ];
  for (const act of calls) t.is((await t.throwsAsync<VirtError>(act)).code, "NO_SUPPORT");
  const looker = await open(t, "qemu+unix:///session", true);
  const error = await t.throwsAsync<VirtError>(() => looker.monitorEvents());
  t.is(error.message, "operation forbidden: read only access prevents virConnectDomainQemuMonitorEventRegister");
});
