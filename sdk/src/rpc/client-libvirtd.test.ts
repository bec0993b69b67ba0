import assert from "node:assert/strict";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import {
  CONSOLE_FLAG,
  type Domain,
  type DomainEvent,
  domainEvents,
  LIFECYCLE_EVENT,
  type RemoteProgramClient,
  remoteProgram,
  type VirtError,
  xdr,
} from "@polyvisor/core";
import test, { type ExecutionContext } from "ava";
import { echoGuest, hasEmulator, hasLibvirtd, type PrivateLibvirtd, startLibvirtd } from "../testkit/index.js";
import { RpcClient } from "./client.js";
import { stubsOf } from "./client-stubs.js";

/** libvirt's own daemon is the peer: what these tests see is what its protocol is. */
const present = await hasLibvirtd();
const guests = await hasEmulator();
const real = present ? test : test.skip;
const withGuest = present && guests ? test : test.skip;
if (!present) test.skip("no libvirtd is installed, so the client is not tried with one", () => {});
if (!guests) test.skip("no QEMU is installed, so no console is opened", () => {});

let daemon: PrivateLibvirtd;

test.before(async () => {
  if (present) daemon = await startLibvirtd();
});
test.after.always(() => daemon?.stop());

interface Open {
  readonly client: RpcClient;
  readonly api: RemoteProgramClient;
}

async function open(t: ExecutionContext, uri = "test:///default", socket = daemon.socket): Promise<Open> {
  const client = await RpcClient.connect(socket);
  t.teardown(() => client.close());
  const api = stubsOf(client, remoteProgram);
  t.deepEqual(await api.authList({}), [0]);
  await api.connectOpen({ name: uri, flags: 0 });
  return { client, api };
}

function domainXml(name: string): string {
  return `<domain type='test'><name>${name}</name><memory>65536</memory><os><type>hvm</type></os></domain>`;
}

function onLifecycle(client: RpcClient, listener: (event: DomainEvent) => void): () => void {
  const { number, body } = domainEvents.lifecycle;
  const message = { number, body: xdr.struct({ callbackID: xdr.i32, ...body.fields }) };
  return client.onMessage(remoteProgram, message, (event) => listener({ kind: "lifecycle", ...event }));
}

real("a domain is defined, listed, started and undefined, and every step is told as an event", async (t) => {
  const { client, api } = await open(t);
  const seen: [string, number][] = [];
  onLifecycle(client, (event) => {
    if (event.kind === "lifecycle") seen.push([event.dom.name, event.event]);
  });
  const callbackID = await api.connectDomainEventCallbackRegisterAny({ eventID: 0, dom: null });
  const dom = await api.domainDefineXMLFlags({ xml: domainXml("steps"), flags: 0 });
  t.is(dom.name, "steps");
  t.true((await api.connectListAllDomains({ flags: 0 })).some(({ uuid }) => uuid === dom.uuid));
  t.true((await api.connectListDefinedDomains({})).includes("steps"));
  const started = await api.domainCreateWithFlags({ dom, flags: 0 });
  t.true(started.id > 0);
  t.deepEqual(await api.domainGetState({ dom, flags: 0 }), { state: 1, reason: 1 });
  t.is((await api.domainGetInfo({ dom })).maxMem, 65536n);
  await api.domainDestroy({ dom });
  await api.domainUndefine({ dom });
  const { DEFINED, STARTED, STOPPED, UNDEFINED } = LIFECYCLE_EVENT;
  const ours = () => seen.filter(([name]) => name === "steps").map(([, event]) => event);
  // libvirtd may send the reply of a call before the event that the call caused.
  await eventually(async () => assert.equal(ours().length, 4)).catch(() => {});
  t.deepEqual(ours(), [DEFINED, STARTED, STOPPED, UNDEFINED]);
  await api.connectDomainEventCallbackDeregisterAny({ callbackID });
  await api.domainUndefine({ dom: await api.domainDefineXML({ xml: domainXml("steps") }) });
  t.is(ours().length, 4);
});

real("calls are pipelined: thousands wait at once, and each gets its own reply", async (t) => {
  const { api } = await open(t);
  const ids = Array.from({ length: 3000 }, (_, i) => i);
  const answers = await Promise.all(
    ids.map((id) =>
      api
        .domainLookupByID({ id })
        .then(({ name }) => name)
        .catch((error: VirtError) => error.code),
    ),
  );
  t.deepEqual(
    answers,
    ids.map((id) => (id === 1 ? "test" : "NO_DOMAIN")),
  );
});

real("the daemon's errors arrive with its code, domain, words and detail", async (t) => {
  const { api } = await open(t);
  const [dom] = (await api.connectListAllDomains({ flags: 0 })) as [Domain];
  const rows: [() => Promise<unknown>, Partial<VirtError>][] = [
    [
      () => api.domainLookupByName({ name: "no-such" }),
      { code: "NO_DOMAIN", domain: "TEST", message: "Domain not found" },
    ],
    [
      () => api.domainDefineXML({ xml: "<domain type='test'><name>x</name></domain>" }),
      { code: "XML_ERROR", detail: "an os <type> must be specified" },
    ],
    [() => api.domainCreate({ dom }), { code: "INTERNAL_ERROR", domain: "TEST" }],
    [
      () => api.domainOpenConsole({ dom, devName: null, flags: 0 }),
      {
        code: "NO_SUPPORT",
        message: "this function is not supported by the connection driver: virDomainOpenConsole",
      },
    ],
    [
      () => api.connectOpen({ name: "test:///default", flags: 0 }),
      { message: "internal error: connection already open" },
    ],
  ];
  for (const [run, expected] of rows) t.like(await t.throwsAsync(run), { name: "VirtError", ...expected });
});

real("arguments that the wire cannot carry are refused here, and the connection goes on", async (t) => {
  const { api } = await open(t);
  const bad = { name: 3 } as unknown as { name: string };
  const error = await t.throwsAsync(api.domainLookupByName(bad));
  t.like(error, { code: "RPC", domain: "RPC" });
  t.is((await api.domainLookupByName({ name: "test" })).name, "test");
});

real("a caller that gives up is told at once, and the late reply harms nobody", async (t) => {
  const { api } = await open(t);
  const controller = new AbortController();
  const given = api.connectGetCapabilities({}, { signal: controller.signal });
  controller.abort(new Error("enough"));
  const error = await t.throwsAsync(given, { message: "operation aborted: the caller stopped waiting for the reply" });
  t.like(error.cause, { message: "enough" });
  await t.throwsAsync(api.connectGetType({}, { signal: controller.signal }), { code: "OPERATION_ABORTED" });
  t.is(await api.connectGetType({}), "TEST");
});

real("after close, calls that wait and later ones say that the socket is closed", async (t) => {
  const { client, api } = await open(t);
  const waiting = t.throwsAsync(api.connectGetCapabilities({}));
  await client.close();
  const words = { code: "INTERNAL_ERROR", message: "internal error: client socket is closed" };
  t.like(await waiting, words);
  t.like(await t.throwsAsync(api.connectGetType({})), words);
  t.is(await client.closed, undefined);
});

test("a socket that is not there, or cannot be, is named in libvirt's words", async (t) => {
  const long = `/tmp/${"x".repeat(103)}`;
  const rows: [path: string, message: string][] = [
    ["/nowhere/sock", "Failed to connect socket to '/nowhere/sock': No such file or directory"],
    ["", "Failed to connect socket to '': No such file or directory"],
    [long, `Path ${long} too long for unix socket: Cannot allocate memory`],
    [process.execPath, `Failed to connect socket to '${process.execPath}': Connection refused`],
  ];
  for (const [path, message] of rows)
    t.like(await t.throwsAsync(RpcClient.connect(path)), { code: "SYSTEM_ERROR", message }, path);
});

real("a daemon that dies fails what waits, and each connection says why", async (t) => {
  const own = await startLibvirtd();
  t.teardown(own.stop);
  const idle = await open(t, "test:///default", own.socket);
  const busy = await open(t, "test:///default", own.socket);
  own.process.kill("SIGSTOP");
  const waiting = [busy.api.connectGetType({}), busy.api.connectGetHostname({})].map((call) => t.throwsAsync(call));
  await delay(50);
  own.process.kill("SIGKILL");
  t.like(await idle.client.closed, {
    code: "SYSTEM_ERROR",
    message: "End of file while reading data: Input/output error",
  });
  // The daemon had not read these calls, so the system reports a reset instead of an end.
  const reset = { code: "SYSTEM_ERROR", message: "Cannot recv data: Connection reset by peer" };
  for (const error of await Promise.all(waiting)) t.like(error, reset);
  t.like(await busy.client.closed, reset);
  t.like(await t.throwsAsync(busy.api.connectGetType({})), { message: "internal error: client socket is closed" });
});

real("a daemon that hangs is given up after the pings that it was allowed to miss", async (t) => {
  const own = await startLibvirtd();
  t.teardown(own.stop);
  const { client, api } = await open(t, "test:///default", own.socket);
  // A busy machine may take seconds to answer.
  client.keepAlive(0.5, 8);
  await delay(1500);
  t.is(await api.connectGetType({}), "TEST", "a daemon that answers pings is kept");
  own.process.kill("SIGSTOP");
  const begin = performance.now();
  const error = await t.throwsAsync(api.connectGetType({}));
  t.like(error, { code: "INTERNAL_ERROR", message: "internal error: connection closed due to keepalive timeout" });
  const took = performance.now() - begin;
  t.true(took > 3500, `${took} ms`);
});

real("a daemon's own pings are answered, so that it keeps a silent client", async (t) => {
  const own = await startLibvirtd("keepalive_interval = 1\nkeepalive_count = 3");
  t.teardown(own.stop);
  const { api } = await open(t, "test:///default", own.socket);
  t.is(await api.connectSupportsFeature({ feature: 10 }), 1);
  await delay(6000);
  t.is(await api.connectGetType({}), "TEST");
});

withGuest(
  "a guest's console is a stream both ways: what is typed comes back, and it ends as it should in every way",
  async (t) => {
    const { api } = await open(t, "qemu:///session");
    t.timeout(60_000);
    const xmlDesc = await echoGuest(daemon.folder, `echo-${process.pid}`);
    const dom = await api.domainCreateXML({ xmlDesc, flags: 0 });
    t.teardown(() => api.domainDestroy({ dom }).catch(() => {}));
    const first = await api.domainOpenConsole({ dom, devName: null, flags: 0 });
    const typing = setInterval(() => first.write("ping\r"), 200);
    let heard = "";
    for await (const chunk of first.iterator({ destroyOnReturn: false })) {
      heard += (chunk as Buffer).toString("latin1");
      if (heard.includes("ping\r")) break;
    }
    clearInterval(typing);
    const replaced = once(first, "error");
    const other = await api.domainOpenConsole({ dom, devName: null, flags: CONSOLE_FLAG.FORCE });
    t.like((await replaced)[0], { name: "VirtError", message: "stream had I/O failure" });
    const finished = once(other, "finish");
    other.end();
    await finished;
    // libvirtd gives a console back a moment after its stream has ended.
    const openFree = () => eventually(() => api.domainOpenConsole({ dom, devName: null, flags: 0 }));
    const aborted = await openFree();
    aborted.destroy();
    const last = await openFree();
    const ends: string[] = [];
    for (const end of ["end", "error"]) last.on(end, () => ends.push(end));
    last.resume();
    const closed = once(last, "close");
    await api.domainDestroy({ dom });
    await closed;
    t.deepEqual(ends, ["end"]);
    t.is(await api.connectGetType({}), "QEMU", "the connection outlives its streams");
  },
);

/** What the work gives once it no longer fails, for whatever is done a moment after it was told. */
async function eventually<T>(work: () => Promise<T>): Promise<T> {
  for (const deadline = Date.now() + 120_000; ; ) {
    try {
      return await work();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
