import { access, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { MESSAGE_STATUS } from "@polyvisor/sdk/rpc";
import test, { type ExecutionContext } from "ava";
import { numberOf } from "../testing/call-bodies.js";
import { configure, type Daemon, rootFolder, startPolyvisord } from "../testing/process.js";
import { errorOf, RawClient } from "../testing/raw-client.js";
import { until } from "../testing/serve.js";

/** A daemon with these settings, and a way to give it others while it runs. */
async function started(t: ExecutionContext, text: string) {
  const root = await rootFolder(t);
  const file = await configure(root, text);
  const daemon = await startPolyvisord(t, root);
  const reload = async (settings: string, says: RegExp) => {
    await writeFile(file, settings);
    daemon.process.kill("SIGHUP");
    await until(() => says.test(daemon.log()));
  };
  return { root, file, daemon, reload };
}

async function connect(t: ExecutionContext, daemon: Daemon): Promise<RawClient> {
  const client = await RawClient.connect(daemon.socket);
  t.teardown(() => client.close());
  return client;
}

test("SIGHUP reads the settings again: those that may change do, of the others it is said", async (t) => {
  const { daemon, reload } = await started(t, "max_clients = 1\nmax_anonymous_clients = 1\nlog_level = 2\n");
  const first = await connect(t, daemon);
  await first.open("test:///default");
  const second = await connect(t, daemon);
  const opened = second.open("test:///default");
  await reload(
    'max_clients = 2\nmax_anonymous_clients = 1\nlog_level = 2\nunix_sock_ro_perms = "0770"\n',
    /"changed":\["max_clients"\],"msg":"the settings have been read again"/,
  );
  await opened;
  await until(() =>
    /"settings":\["unix_sock_ro_perms"\],"msg":"restart the daemon to change unix_sock_ro_perms"/.test(daemon.log()),
  );
  t.pass();
});

test("a file with a fault changes nothing, and the fault is logged with its place", async (t) => {
  const { daemon, reload, file } = await started(t, "max_clients = 1\nmax_anonymous_clients = 1\n");
  await reload("max_anonymous_clients = 1\n\nmax_cleints = 9\n", /"level":50/);
  t.true(daemon.log().includes(`the settings stay as they are: ${file}:3: unknown setting max_cleints`));
  t.regex(daemon.log(), /"hint":"the settings are .*max_clients/);
  await reload("max_anonymous_clients = = 1\n", /polyvisord\.conf:1: (?!unknown)/);
  await reload("max_clients = 0\n", /polyvisord\.conf:1: max_clients: .*greater than or equal to 1/);
  await reload(
    'log_outputs = "1:file:/nonexistent/x"\nmax_clients = 7\nmax_anonymous_clients = 1\n',
    /stay as they are: .*polyvisord\.conf:1: log_outputs: failed to open \/nonexistent\/x: No such file or directory/,
  );
  const first = await connect(t, daemon);
  await first.open("test:///default");
  const second = await connect(t, daemon);
  const opened = second.open("test:///default").then(() => "served");
  t.is(await Promise.race([opened, new Promise((resolve) => setTimeout(resolve, 300, "waits"))]), "waits");
  first.close();
  t.is(await opened, "served");
});

test("SIGHUP opens log files anew after they were moved away", async (t) => {
  const root = await rootFolder(t);
  const log = join(root, "log");
  await configure(root, `log_level = 2\nlog_outputs = "2:file:${log}"\n`);
  const daemon = await startPolyvisord(t, root);
  await rename(log, `${log}.1`);
  daemon.process.kill("SIGHUP");
  for (;;) {
    const there = await access(log).then(
      () => true,
      () => false,
    );
    if (there) break;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  t.is(await daemon.end("SIGTERM"), 0);
});

test("SIGHUP reads the access rules again, which count at once; a file with a mistake keeps the old ones", async (t) => {
  const root = await rootFolder(t);
  const rules = join(await configure(root, 'log_level = 2\naccess_drivers = [ "rules" ]\n'), "../access.rules");
  await writeFile(rules, "allow * connect:getattr,connect:read\n");
  const daemon = await startPolyvisord(t, root);
  const client = await connect(t, daemon);
  await client.open("test:///default");
  const reload = async (text: string, says: RegExp) => {
    await writeFile(rules, text);
    daemon.process.kill("SIGHUP");
    await until(() => says.test(daemon.log()));
  };
  t.is((await client.call(numberOf("nodeGetInfo"))).status, MESSAGE_STATUS.OK);
  await reload(
    "allow * connect:getattr\nallow * connect:reed\n",
    /the access rules stay as they are: \S+\/access\.rules:2: no call needs/,
  );
  t.is((await client.call(numberOf("nodeGetInfo"))).status, MESSAGE_STATUS.OK);
  await reload("allow * connect:getattr\n", /the access rules have been read again/);
  t.is(errorOf(await client.call(numberOf("nodeGetInfo"))).code, 88);
});
