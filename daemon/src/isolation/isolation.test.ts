import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Connection, createHost, type Host, type Manifest, rootPaths, VirtError } from "@polyvisor/core";
import type { ExecutionContext } from "ava";
import test from "ava";
import { rootFolder } from "../testing/process.js";
import { RecordedLog } from "../testing/recorded-log.js";
import { until } from "../testing/serve.js";
import { NaughtyPlugin } from "../testing/toy-plugin.js";
import { createIsolation, type IsolationOptions } from "./index.js";

const DAEMON = new URL("../..", import.meta.url).pathname;

/** No test waits for these: a machine that is busy takes its time. */
const PATIENT: IsolationOptions = { deadline: 3, memory: 400, crashes: 20, drain: 60 };

interface Isolated {
  readonly host: Host;
  readonly plugin: NaughtyPlugin;
  readonly log: RecordedLog;
  readonly root: string;
  open(): Promise<Connection>;
}

/** A host with the naughty plugin, which comes from elsewhere and so is isolated, and the test driver in its own process. */
async function isolated(t: ExecutionContext, options: IsolationOptions = {}): Promise<Isolated> {
  const root = await rootFolder(t);
  const plugin = await NaughtyPlugin.write(join(root, "naughty"));
  const log = new RecordedLog();
  const host = await createHost({
    paths: rootPaths(root),
    log,
    plugins: [plugin.folder],
    dependenciesOf: DAEMON,
    isolation: createIsolation({ ...PATIENT, ...options }),
  });
  t.teardown(() => host.close());
  return { host, plugin, log, root, open: () => host.open("naughty:///system") };
}

function statusOf(host: Host) {
  const status = host.supervisor("naughty")?.status;
  if (status === undefined) throw new Error("the plugin is not isolated");
  return status;
}

async function failure(call: Promise<unknown>): Promise<VirtError> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof VirtError) return error;
  throw new Error(`it did not fail as it should: ${error}`);
}

/** The test driver of this process, asked without a pause until `stop`, which tells how often it has answered. */
async function neighbour(t: ExecutionContext, host: Host): Promise<{ answers(): number; stop(): Promise<void> }> {
  const connection = await host.open("test:///default");
  let [answers, goesOn] = [0, true];
  const asking = (async () => {
    for (; goesOn; answers++) {
      await connection.domains();
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await connection.close();
  })();
  const stop = () => {
    goesOn = false;
    return asking;
  };
  t.teardown(stop);
  return { answers: () => answers, stop };
}

/** What the plugin is asked for, or what is done to its process, and why it then ends. */
const ENDINGS: readonly (readonly [what: string, ask: string, why: RegExp])[] = [
  ["it exits", "exit", /^exit code 7$/],
  ["it is killed in the middle of a call", "slow", /^killed by SIGKILL$/],
  ["it loops without an end", "loop", /^it used \d\.\d s of processor time and answered nothing: an endless loop$/],
  ["it leaks memory", "leak", /^it took \d+ MiB, more than its 400$/],
  ["it forgets a promise", "reject", /^an error that nobody caught \(exit code 81\): Error: nobody looked$/],
  [
    "it throws where nobody catches",
    "throw",
    /^an error that nobody caught \(exit code 81\): TypeError: nobody caught it$/,
  ],
];

/** In two halves, because each ending takes a while. */
const HALF = ENDINGS.length / 2;
for (const endings of [ENDINGS.slice(0, HALF), ENDINGS.slice(HALF)])
  test(`its clients hear why a plugin's process ends, it is started again, and nobody else notices: ${endings.map(([what]) => what).join(", ")}`, async (t) => {
    const { host, plugin, log, open } = await isolated(t);
    const other = await neighbour(t, host);
    for (const [index, [what, name, why]] of endings.entries()) {
      const [asking, listening] = [await open(), await open()];
      const events = await listening.events({ kinds: ["lifecycle"] });
      const { pid } = statusOf(host);
      const before = other.answers();
      const call = failure(asking.api.domainLookupByName({ name }));
      if (name === "slow") {
        await until(() => log.lines.some((line) => line.message === "asked" && line.name === "slow"));
        process.kill(pid ?? 0, "SIGKILL");
      }
      const error = await call;
      t.is(error.code, "SYSTEM_ERROR", what);
      t.regex(
        error.message,
        /^End of file while reading data: the process of plugin naughty ended: .*: Input\/output error$/,
      );
      t.regex(error.hint ?? "", /open a new connection/);
      t.is((await asking.lost)?.message, error.message);
      t.is((await failure(asking.api.connectGetHostname({}))).code, "SYSTEM_ERROR");
      // A client that did nothing but listen hears of it, too.
      t.is((await failure(events.next())).message, error.message);
      const line = log.lines.filter(({ message }) => message.startsWith("the process of a plugin has ended")).at(-1);
      t.regex(String(line?.reason), why, what);
      t.is(line?.plugin, "naughty");

      const again = await open();
      t.is(await again.api.connectGetHostname({}), "1.0.0");
      t.not(statusOf(host).pid, pid);
      t.is(await plugin.starts(), index + 2, "its driver is told to find its state again");
      t.true(other.answers() > before, "the neighbour answered all the while");
      for (const connection of [asking, listening, again]) await connection.close();
    }
    t.is(statusOf(host).crashes, endings.length);
    await other.stop();
  });

test("who asks, and may look only, is known to an isolated plugin; errors, events and log lines come back", async (t) => {
  const { host, log } = await isolated(t);
  const connection = await host.open("naughty:///system", { identity: { uid: 4711, saslName: "fred" } });
  const events = await connection.events({ kinds: ["lifecycle"] });
  const { name } = await connection.api.domainLookupByName({ name: "event" });
  t.deepEqual(JSON.parse(name), { uid: 4711, saslName: "fred", readOnly: false });
  t.like((await events.next()).value, { kind: "lifecycle", event: 4, dom: { name: "x" } });
  t.like(await failure(connection.api.domainLookupByName({ name: "unknown" })), {
    code: "NO_DOMAIN",
    hint: "be nice",
  });
  t.is((await failure(connection.api.connectGetSysinfo({ flags: 0 }))).code, "NO_SUPPORT");
  await until(() =>
    log.lines.some((line) => line.message === "asked" && line.name === "event" && line.plugin === "naughty"),
  );

  const looking = await host.open("naughty:///system", { readOnly: true });
  t.like(JSON.parse((await looking.api.domainLookupByName({ name: "me" })).name), { readOnly: true });
});

test("who comes in the moment in which a plugin's process ends is served by the next one", async (t) => {
  const { host, open } = await isolated(t);
  const other = await neighbour(t, host);
  await (await open()).close();
  for (let round = 0; round < 5; round++) {
    const { pid } = statusOf(host);
    process.kill(pid ?? 0, "SIGKILL");
    const connections = await Promise.all([open(), open(), open()]);
    for (const connection of connections) {
      t.is(await connection.api.connectGetHostname({}), "1.0.0");
      await connection.close();
    }
    t.not(statusOf(host).pid, pid);
  }
  await other.stop();
});

test("a plugin that ends too often stays down until an operator replaces it", async (t) => {
  const { host, plugin, log, root, open } = await isolated(t, { crashes: 2 });
  await (await open()).close();
  await plugin.doom();
  process.kill(statusOf(host).pid ?? 0, "SIGKILL");
  await until(() => statusOf(host).state === "broken");
  t.regex(statusOf(host).message, /^it ended too often, the last time because: exit code 9$/);
  t.is(statusOf(host).crashes, 3);
  t.true(log.lines.some(({ message }) => message === "a plugin is disabled until an operator starts or replaces it"));
  const refused = await failure(open());
  t.is(refused.code, "NO_CONNECT");
  t.regex(refused.message, /plugin naughty does not run: it ended too often/);
  t.is(host.plugins().find(({ name }) => name === "naughty")?.state, "broken");

  const better = await NaughtyPlugin.write(join(root, "better"), "2.0.0");
  await host.supervisor("naughty")?.replace(await manifestIn(better.folder));
  t.like(statusOf(host), { state: "running", version: "2.0.0", message: "" });
  t.is(await (await open()).api.connectGetHostname({}), "2.0.0");
  t.is(await better.starts(), 1);
});

test("a plugin is replaced while it runs: calls end or are cancelled, new clients wait and get the new one", async (t) => {
  const { host, plugin, log, root, open } = await isolated(t);
  const supervisor = host.supervisor("naughty");
  const connection = await open();
  const slow = failure(connection.api.domainLookupByName({ name: "slow" }));
  await until(() => log.lines.some((line) => line.message === "asked" && line.name === "slow"));
  const drained = supervisor?.drain(500);
  await until(() => statusOf(host).state === "draining");
  const next = open();
  await drained;
  t.is((await slow).domain, "RPC");
  while ((await plugin.cancelled()) === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const successor = await NaughtyPlugin.write(join(root, "successor"), "1.1.0");
  await supervisor?.replace(await manifestIn(successor.folder));
  t.is(await (await next).api.connectGetHostname({}), "1.1.0");
  t.is(statusOf(host).crashes, 0, "what an operator asks for is no crash");

  const lost = (await next).lost;
  await supervisor?.stop();
  t.is((await lost)?.code, "OPERATION_ABORTED");
  t.regex((await failure(open())).message, /plugin naughty does not run: the operator has stopped it/);
  await supervisor?.start();
  t.is(await (await open()).api.connectGetHostname({}), "1.1.0");
});

test("a package that has changed under a plugin is not run by accident", async (t) => {
  const { host, plugin, open } = await isolated(t);
  await open();
  const file = join(plugin.folder, "package.json");
  await writeFile(file, (await readFile(file, "utf8")).replace("1.0.0", "3.0.0"));
  process.kill(statusOf(host).pid ?? 0, "SIGKILL");
  await until(() => statusOf(host).state === "broken");
  t.regex(
    statusOf(host).message,
    /exit code 80\): the host has found plugin naughty 1\.0\.0, but .* has naughty 3\.0\.0/,
  );
  await host.supervisor("naughty")?.replace(await manifestIn(plugin.folder));
  t.is(statusOf(host).version, "3.0.0");
});

test("what an isolated plugin leaves is nothing", async (t) => {
  const { host, open } = await isolated(t);
  const connection = await open();
  const { pid } = statusOf(host);
  await connection.close();
  await host.close();
  await t.throwsAsync(readFile(`/proc/${pid}/cmdline`), undefined, "its process is gone");
});

async function manifestIn(folder: string): Promise<Manifest> {
  let found: Manifest | undefined;
  const isolates = (manifest: Manifest) => {
    found = manifest;
    return false;
  };
  const supervise = () => {
    throw new Error("nothing is isolated");
  };
  const host = await createHost({ plugins: [folder], isolation: { isolates, supervise } });
  await host.close();
  if (found === undefined) throw new Error(`no plugin in ${folder}`);
  return found;
}
