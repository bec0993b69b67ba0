import { chmod, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { MESSAGE_STATUS } from "@polyvisor/sdk/rpc";
import type { ExecutionContext } from "ava";
import test from "ava";
import { bodyOf, numberOf, resultOf } from "../../testing/call-bodies.js";
import {
  configure,
  type Daemon,
  hasProgram,
  polyvisord,
  rootFolder,
  runProgram,
  startPolyvisord,
} from "../../testing/process.js";
import { errorOf, RawClient } from "../../testing/raw-client.js";
import { until } from "../../testing/serve.js";
import { hasScram, setPassword, virshAs } from "../../testing/users.js";

const virshIsHere = await hasProgram("virsh");

const missing = [...(virshIsHere ? [] : ["virsh"]), ...((await hasScram()) ? [] : ["libscram (libsasl2-modules)"])];

/** A daemon that asks for a login, with the user fred and the password "rubble's = pass,word". */
async function daemonWithUsers(t: ExecutionContext, settings = ""): Promise<{ daemon: Daemon; root: string }> {
  const root = await rootFolder(t);
  await configure(root, `log_level = 2\n${settings}`);
  await setPassword(t, root, "fred", "rubble's = pass,word");
  await configure(root, `log_level = 2\nauth_unix_rw = "sasl"\n${settings}`);
  return { daemon: await startPolyvisord(t, root), root };
}

if (missing.length > 0) test.skip(`logins with libvirt's own client: no ${missing.join(", ")} here`, () => {});
else {
  test("virsh logs in by SCRAM-SHA-256, and nobody else gets in", async (t) => {
    const { daemon, root } = await daemonWithUsers(t);
    const right = await virshAs(root, daemon.uri, "fred", "rubble's = pass,word", "list");
    t.regex(right.stdout, /^ 1 +test +running$/m, right.stderr);
    const wrong = await virshAs(root, daemon.uri, "fred", "pebbles", "list");
    t.is(wrong.code, 1);
    t.regex(wrong.stderr, /error: authentication failed: authentication failed/);
    const unknown = await virshAs(root, daemon.uri, "dino", "rubble's = pass,word", "list");
    t.is(unknown.code, 1);
    t.is(unknown.stderr, wrong.stderr);
    await until(() => /wrong password for \\"fred\\"/.test(daemon.log()) && /no user \\"dino\\"/.test(daemon.log()));
    const looking = daemon.uri.replace("libvirt-sock", "libvirt-sock-ro");
    t.is((await runProgram("virsh", ["-r", "-c", looking, "list"])).code, 0);
  });

  test("a user who is added may come in at once, and one who is taken out may not", async (t) => {
    const { daemon, root } = await daemonWithUsers(t);
    await setPassword(t, root, "mary", "contrary");
    t.is((await virshAs(root, daemon.uri, "mary", "contrary", "list")).code, 0);
    await setPassword(t, root, "mary", "changed");
    t.is((await virshAs(root, daemon.uri, "mary", "contrary", "list")).code, 1);
    const users = join(root, "etc/libvirt/sasl-users");
    const text = await readFile(users, "utf8");
    t.is((await stat(users)).mode & 0o777, 0o600);
    t.notRegex(text, /changed|contrary|rubble/);
    await writeFile(users, text.replace(/^mary.*\n/m, ""));
    t.is((await virshAs(root, daemon.uri, "mary", "changed", "list")).code, 1);
    t.is((await virshAs(root, daemon.uri, "fred", "rubble's = pass,word", "list")).code, 0);
  });

  test("a user who is not on the list of names may not come in", async (t) => {
    const { daemon, root } = await daemonWithUsers(t, 'sasl_allowed_username_list = [ "m*" ]\n');
    await setPassword(t, root, "mary", "contrary");
    t.is((await virshAs(root, daemon.uri, "mary", "contrary", "list")).code, 0);
    const { code, stderr } = await virshAs(root, daemon.uri, "fred", "rubble's = pass,word", "list");
    t.is(code, 1);
    t.regex(stderr, /authentication failed/);
    await until(() => /\\"fred\\" is not in sasl_allowed_username_list/.test(daemon.log()));
  });
}

test("a client that has not logged in may do nothing else", async (t) => {
  const { daemon } = await daemonWithUsers(t);
  const client = await RawClient.connect(daemon.socket);
  const offered = resultOf("authList", (await client.call(numberOf("authList"))).body);
  t.deepEqual(offered, { types: [1] });
  for (const name of ["connectOpen", "connectGetType", "connectSupportsFeature", "connectListAllDomains"] as const) {
    const reply = await client.call(numberOf(name), Buffer.alloc(8));
    t.deepEqual(errorOf(reply), { code: 39, domain: 7, message: "authentication required" }, name);
  }
  for (const name of ["authSaslStep", "authPolkit"] as const) {
    const body = name === "authPolkit" ? undefined : bodyOf(name, { nil: 0, data: "n,,n=fred,r=abc" });
    t.regex(errorOf(await client.call(numberOf(name), body)).message ?? "", /^authentication failed/, name);
  }
  const mechanisms = resultOf("authSaslInit", (await client.call(numberOf("authSaslInit"))).body);
  t.deepEqual(mechanisms, { mechlist: "SCRAM-SHA-256" });
  const start = bodyOf("authSaslStart", { mech: "PLAIN", nil: 0, data: "\0fred\0x" });
  t.is((await client.call(numberOf("authSaslStart"), start)).status, MESSAGE_STATUS.ERROR);
  client.close();
});

test("clients that do not log in are bounded; one that leaves makes room for the next", async (t) => {
  const { daemon } = await daemonWithUsers(t, "max_anonymous_clients = 2\nmax_queued_clients = 1\n");
  const idle = [await RawClient.connect(daemon.socket), await RawClient.connect(daemon.socket)];
  for (const client of idle) await client.call(numberOf("authList"));
  const waiting = await RawClient.connect(daemon.socket);
  const answer = waiting.call(numberOf("authList"));
  const surplus = await RawClient.connect(daemon.socket);
  await surplus.closed;
  await until(() => /too many clients/.test(daemon.log()));
  const looking = await RawClient.connect(`${daemon.socket}-ro`);
  t.is((await looking.call(numberOf("authList"))).status, MESSAGE_STATUS.OK);
  idle[0]?.close();
  t.is((await answer).status, MESSAGE_STATUS.OK);
  for (const client of [...idle, waiting, looking]) client.close();
});

test("a file of users that all the world may read, or that nobody can, stops the start", async (t) => {
  const root = await rootFolder(t);
  await configure(root, 'auth_unix_rw = "sasl"\n');
  const users = join(root, "etc/libvirt/sasl-users");
  await writeFile(users, "# users\nfred:pencil\n");
  await chmod(users, 0o644);
  t.regex((await polyvisord("--root", root)).stderr, /everybody may open the file of users .*\nhint: chmod 600/);
  await chmod(users, 0o600);
  const { stderr } = await polyvisord("--root", root);
  t.regex(stderr, /sasl-users:2: this is no user\nhint: a line is NAME:SCRAM-SHA-256/);
  t.notRegex(stderr, /pencil/);
});
