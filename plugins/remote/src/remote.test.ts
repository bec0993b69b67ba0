import { once } from "node:events";
import { fileURLToPath } from "node:url";
import {
  type Connection,
  createHost,
  type DomainEvent,
  LIFECYCLE_EVENT,
  parseUri,
  silentLog,
  type VirtError,
} from "@polyvisor/core";
import { hasLibvirtd, type PrivateLibvirtd, startLibvirtd } from "@polyvisor/sdk/testkit";
import test, { type ExecutionContext } from "ava";

const PLUGIN = fileURLToPath(new URL("..", import.meta.url));

const present = await hasLibvirtd();
const real = present ? test : test.skip;
if (!present) test.skip("no libvirtd is installed, so nothing remote is opened", () => {});

let daemon: PrivateLibvirtd;
const host = await createHost({ plugins: [PLUGIN] });

test.before(async () => {
  if (present) daemon = await startLibvirtd();
});
test.after.always(async () => {
  await host.close();
  await daemon?.stop();
});

async function open(
  t: ExecutionContext,
  options: { readOnly?: boolean; at?: PrivateLibvirtd } = {},
): Promise<Connection> {
  const { at = daemon, readOnly = false } = options;
  const connection = await host.open(`test+unix:///default?socket=${at.socket}`, { readOnly });
  t.teardown(() => connection.close());
  return connection;
}

const xml = (name: string) =>
  `<domain type='test'><name>${name}</name><memory>8192</memory><os><type>hvm</type></os></domain>`;

real("a remote URI gives the same objects as a local one", async (t) => {
  const connection = await open(t);
  t.is(connection.uri, "test:///default");
  const domain = await connection.define(xml("objects"));
  t.is(domain.name, "objects");
  t.is((await connection.domain(domain.uuid)).name, "objects");
  await domain.create();
  t.deepEqual(await domain.state(), { state: 1, reason: 1 });
  t.is((await domain.info()).maxMem, 8192n);
  t.regex(await domain.getXMLDesc(), /<name>objects<\/name>/);
  await domain.destroy();
  await domain.undefine();
  await t.throwsAsync<VirtError>(connection.domain("objects"), { code: "NO_DOMAIN" } as never);
  t.is(await connection.api.connectGetType({}), "TEST");
  t.is((await connection.api.connectGetLibVersion({})) / 1000000n, 9n);
  t.true(await connection.api.connectIsSecure({}));
});

real("events come as a loop, for the kinds and domains that somebody asked for", async (t) => {
  const connection = await open(t);
  const events = await connection.events({ kinds: ["lifecycle", "reboot"] });
  const other = await connection.events({ kinds: ["lifecycle"] });
  const domain = await connection.define(xml("loop"));
  await domain.undefine();
  const seen: [string, number][] = [];
  for await (const event of events) {
    if (event.kind !== "lifecycle" || event.dom.name !== "loop") continue;
    t.is(event.dom.uuid, domain.uuid);
    t.false("callbackID" in event);
    seen.push([event.kind, event.event]);
    if (event.event === LIFECYCLE_EVENT.UNDEFINED) break;
  }
  t.deepEqual(seen, [
    ["lifecycle", LIFECYCLE_EVENT.DEFINED],
    ["lifecycle", LIFECYCLE_EVENT.UNDEFINED],
  ]);
  await (await connection.define(xml("loop"))).undefine();
  const still: number[] = [];
  for await (const event of other) {
    if (event.kind === "lifecycle" && event.dom.name === "loop") still.push(event.event);
    if (still.length === 4) break;
  }
  t.deepEqual(still, [0, 1, 0, 1], "the first loop's end took nothing from the second");
});

real("listening anew right after the last listener left misses and doubles nothing", async (t) => {
  const connection = await open(t);
  for (let round = 0; round < 5; round++) {
    const left = await connection.events({ kinds: ["lifecycle"] });
    void left.return?.();
    const events = await connection.events({ kinds: ["lifecycle"] });
    const domain = await connection.define(xml("anew"));
    await domain.undefine();
    const seen: DomainEvent[] = [];
    for await (const event of events) {
      if (event.dom.uuid === domain.uuid) seen.push(event);
      if (seen.length === 2) break;
    }
    t.deepEqual(
      seen.map((event) => event.kind === "lifecycle" && event.event),
      [0, 1],
    );
  }
});

real("a read-only connection is read-only at the daemon too", async (t) => {
  const connection = await open(t, { readOnly: true });
  t.is((await connection.domain("test")).name, "test");
  const refused = await t.throwsAsync<VirtError>(connection.api.domainDefineXML({ xml: xml("never") }));
  t.is(refused.code, "OPERATION_DENIED");
  const context = { identity: {}, readOnly: true, signal: new AbortController().signal, log: silentLog };
  const raw = await host.openDriver(parseUri(`test+unix:///default?socket=${daemon.socket}`), context);
  t.teardown(() => raw.close());
  t.like(await t.throwsAsync(async () => raw.domainDefineXML?.({ xml: xml("never") }, context)), {
    code: "OPERATION_DENIED",
    message: "operation forbidden: read only access prevents virDomainDefineXML",
  });
});

real("what the daemon refuses to open is refused in its words", async (t) => {
  const error = await t.throwsAsync<VirtError>(host.open(`nope+unix:///x?socket=${daemon.socket}`));
  t.like(error, { code: "NO_CONNECT", message: "no connection driver available for nope:///x" });
});

test("where no daemon listens, the socket is named and the hint tells what to do", async (t) => {
  const error = await t.throwsAsync<VirtError>(host.open("test+unix:///default?socket=/nowhere/sock"));
  t.like(error, {
    code: "SYSTEM_ERROR",
    message: "Failed to connect socket to '/nowhere/sock': No such file or directory",
  });
  t.regex(error.hint ?? "", /start polyvisord/);
});

real("when the daemon dies, calls, loops and the connection itself say so", async (t) => {
  const own = await startLibvirtd();
  t.teardown(own.stop);
  const connection = await open(t, { at: own });
  const events = await connection.events({ kinds: ["lifecycle"] });
  const next = t.throwsAsync(events.next());
  const exit = once(own.process, "exit");
  own.process.kill("SIGKILL");
  await exit;
  const words = "End of file while reading data: Input/output error";
  t.like(await connection.lost, { code: "SYSTEM_ERROR", message: words });
  t.like(await next, { message: words });
  t.like(await t.throwsAsync(connection.domains()), { message: "internal error: client socket is closed" });
  await t.notThrowsAsync(connection.close());
});
