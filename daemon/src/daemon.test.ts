import { access, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { hasLibvirtd, startLibvirtd } from "@polyvisor/sdk/testkit";
import test from "ava";
import { configure, hasProgram, polyvisord, rootFolder, runProgram, startPolyvisord } from "./testing/process.js";
import { RawClient } from "./testing/raw-client.js";

const [libvirtdIsHere, virshIsHere] = await Promise.all([hasLibvirtd(), hasProgram("virsh")]);

const modeOf = async (path: string) => (await stat(path)).mode & 0o777;

const mode = process.getuid?.() === 0 ? "system" : "session";

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );

test("it says what it found and how to connect, serves, and leaves nothing behind when it is stopped", async (t) => {
  const root = await rootFolder(t);
  const daemon = await startPolyvisord(t, root);
  t.true(
    daemon.words.startsWith(`polyvisord 0.1.0 is ready (pid ${daemon.process.pid}), listening on ${daemon.socket}\n`),
  );
  t.regex(daemon.words, /^plugin test 0\.1\.0: /m);
  t.is(await modeOf(daemon.socket), 0o700);
  t.is(await modeOf(`${daemon.socket}-ro`), 0o777);
  t.is(await readFile(join(root, "run/polyvisord.pid"), "utf8"), `${daemon.process.pid}\n`);
  const client = await RawClient.connect(daemon.socket);
  await client.open("test:///default");
  t.is(await daemon.end("SIGTERM"), 0);
  await client.closed;
  for (const path of [daemon.socket, `${daemon.socket}-ro`, join(root, "run/polyvisord.pid")])
    t.false(await exists(path), path);
});

test("the URI that it tells leads to something, whatever was found", async (t) => {
  const daemon = await startPolyvisord(t, await rootFolder(t));
  const [, uri = ""] = /^connect with: .* -c '([a-z]+)\+unix:/m.exec(daemon.words) ?? [];
  t.regex(daemon.words, new RegExp(`^plugin ${uri} \\S+: (ok|found)`, "m"));
  const client = await RawClient.connect(daemon.socket);
  t.teardown(() => client.close());
  await t.notThrowsAsync(client.open(uri === "test" ? "test:///default" : `${uri}:///${mode}`));
});

test("a second daemon on the same root is refused, and the first goes on", async (t) => {
  const root = await rootFolder(t);
  const daemon = await startPolyvisord(t, root);
  const second = await polyvisord("--root", root);
  t.is(second.code, 1);
  t.is(
    second.stderr,
    `polyvisord: another daemon (pid ${daemon.process.pid}) already runs here: it holds ${root}/run/polyvisord.pid\n` +
      "hint: stop it first, or choose another --root\n",
  );
  const client = await RawClient.connect(daemon.socket);
  await client.open("test:///default");
  client.close();
  t.is(await daemon.end("SIGINT"), 0);
});

test("what a killed daemon left behind is no obstacle", async (t) => {
  const root = await rootFolder(t);
  const killed = await startPolyvisord(t, root);
  t.is(await killed.end("SIGKILL"), "SIGKILL");
  t.true(await exists(killed.socket));
  const daemon = await startPolyvisord(t, root);
  const client = await RawClient.connect(daemon.socket);
  await client.open("test:///default");
  client.close();
  t.pass();
});

test("a reload does not end it", async (t) => {
  const daemon = await startPolyvisord(t, await rootFolder(t));
  daemon.process.kill("SIGHUP");
  const client = await RawClient.connect(daemon.socket);
  await client.open("test:///default");
  client.close();
  t.is(await daemon.end("SIGTERM"), 0);
});

test("a program whose start stops says so on its standard error, and ends with 1", async (t) => {
  const root = await rootFolder(t);
  await configure(root, "max_clients = 0\n");
  const { code, stderr } = await polyvisord("--root", root);
  t.is(code, 1);
  t.regex(stderr, /^polyvisord: .*\/polyvisord\.conf:1: max_clients: .*greater than or equal to 1/);
  t.false(await exists(join(root, "run/libvirt/libvirt-sock")));
  t.false(await exists(join(root, "run/polyvisord.pid")));
});

test("a configuration file that was asked for must be there", async (t) => {
  const root = await rootFolder(t);
  const { code, stderr } = await polyvisord("--root", root, "--config", join(root, "no.conf"));
  t.is(code, 1);
  t.regex(stderr, /the configuration cannot be read: ENOENT/);
});

test("settings take effect: permissions, folder, log file", async (t) => {
  const root = await rootFolder(t);
  const log = join(root, "var/log/libvirt/polyvisord.log");
  await configure(
    root,
    `unix_sock_rw_perms = "0770"\nunix_sock_dir = "${root}/sockets"\nlog_level = 2\nlog_outputs = "2:file:${log}"\n`,
  );
  const daemon = await startPolyvisord(t, root);
  t.is(await modeOf(join(root, "sockets/libvirt-sock")), 0o770);
  t.is(await daemon.end("SIGTERM"), 0);
  t.regex(await readFile(log, "utf8"), /"msg":"ready"/);
});

test("a path that is too long for a socket is refused in words", async (t) => {
  const root = join(await rootFolder(t), "x".repeat(100));
  const { code, stderr } = await polyvisord("--root", root);
  t.is(code, 1);
  t.regex(stderr, /is longer than 107 bytes\nhint: choose a shorter --root/);
});

test("--plugins shows every plugin and how it is, beside a running daemon too", async (t) => {
  const root = await rootFolder(t);
  await startPolyvisord(t, root);
  const { code, stdout } = await polyvisord("--root", root, "--plugins");
  t.is(code, 0);
  t.regex(stdout, /^PLUGIN +VERSION +CONTRACTS +SCHEMES +LOADED IN +STATE$/m);
  t.regex(stdout, /^test +0\.1\.0 +hypervisor\.v1 +test +[\d.]+ ms +ok/m);
});

test("a broken plugin is told apart, and does not keep the daemon from starting", async (t) => {
  const root = await rootFolder(t);
  const folder = join(root, "plugins/sick");
  await mkdir(folder, { recursive: true });
  const manifest = { name: "sick", contracts: ["hypervisor.v1"], schemes: ["sick"], entry: "./index.js" };
  await writeFile(
    join(folder, "package.json"),
    JSON.stringify({ name: "sick", version: "1.2.3", type: "module", polyvisor: manifest }),
  );
  await writeFile(join(folder, "index.js"), 'throw new Error("no luck today");\n');
  await configure(root, `plugin_folders = [ "${root}/plugins" ]\n`);
  const { stdout } = await polyvisord("--root", root, "--plugins");
  t.regex(stdout, /^sick +1\.2\.3 +hypervisor\.v1 +sick .*broken: .*no luck today; see docs\/errors\/PLUGIN_\w+\.md$/m);
  const daemon = await startPolyvisord(t, root);
  const client = await RawClient.connect(daemon.socket);
  await t.throwsAsync(client.open("sick:///system"), { message: /no luck today/ });
  await client.open("test:///default");
  client.close();
});

test("command lines: help and version are told, what cannot be meant is refused", async (t) => {
  const help = await polyvisord("--help");
  t.is(help.code, 0);
  for (const option of ["--config", "--root", "--as-libvirt", "--plugins"])
    t.true(help.stdout.includes(option), option);
  t.regex((await polyvisord("--version")).stdout, /^polyvisord\/0\.1\.0 /);
  for (const line of [["--frobnicate"], ["surplus"], ["--root"]])
    t.is((await polyvisord(...line)).code, 2, line.join(" "));
});

if (libvirtdIsHere) {
  test("--as-libvirt refuses to start while a libvirtd serves there", async (t) => {
    const libvirtd = await startLibvirtd();
    t.teardown(() => libvirtd.stop());
    const { code, stderr } = await polyvisord("--as-libvirt", "--root", libvirtd.folder);
    t.is(code, 1);
    t.true(
      stderr.startsWith(`polyvisord: another daemon already serves ${libvirtd.socket}\nhint: stop it first (libvirtd`),
    );
    await RawClient.connect(libvirtd.socket).then((client) => client.close());
  });
} else test.skip("--as-libvirt refuses to start while a libvirtd serves there: no libvirtd here", () => {});

if (virshIsHere) {
  test("virsh opens, lists, acts, and is kept from acting when it only looks", async (t) => {
    const daemon = await startPolyvisord(t, await rootFolder(t));
    const virsh = (...args: string[]) => runProgram("virsh", ["-c", daemon.uri, ...args]);
    t.regex((await virsh("list", "--all")).stdout, /^ 1 +test +running$/m);
    t.is((await virsh("suspend", "test")).code, 0);
    const refused = await virsh("-r", "destroy", "test");
    t.is(refused.code, 1);
    t.regex(refused.stderr, /operation forbidden: read only access prevents virDomainDestroy/);
    t.regex((await virsh("dominfo", "nobody")).stderr, /failed to get domain 'nobody'/);
    const unknown = await runProgram("virsh", [
      "-c",
      daemon.uri.replace("test+unix:///default", "foo+unix:///bar"),
      "uri",
    ]);
    t.regex(unknown.stderr, /no connection driver available for foo:\/\/\/bar/);
  });
} else test.skip("virsh opens, lists, acts, and is kept from acting when it only looks: no virsh here", () => {});
