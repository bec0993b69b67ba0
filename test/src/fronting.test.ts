import { spawn } from "node:child_process";
import { access, chmod, mkdir, mkdtemp, open as openFile, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import {
  findSshd,
  freePort,
  hasLibvirtd,
  type PrivateLibvirtd,
  startLibvirtd,
  startSshd,
  TestAuthority,
} from "@polyvisor/sdk/testkit";
import type { ExecutionContext } from "ava";
import { type Outcome, runCommand } from "./harness/command.js";
import { type Need, program, testWith } from "./harness/needs.js";
import { Polyvisord } from "./harness/polyvisord.js";
import { isRunning, until } from "./harness/processes.js";

/** Between libvirt's own client and libvirt's own daemon stands ours. */
const libvirtd: Need = { name: "libvirtd is not installed", met: await hasLibvirtd(), kind: "program" };
const sshd = await findSshd();
const SSHD: Need = { name: "sshd is not installed", met: sshd !== undefined, kind: "program" };
const VIRSH = await program("virsh");
const NEEDS = [libvirtd, VIRSH];
const [OPENSSL, NETCAT] = [await program("openssl"), await program("nc")];

/** A daemon of ours that leads to these, perhaps with access rules, for the time of a test. */
async function front(t: ExecutionContext, uris: readonly string[], rules?: string): Promise<Polyvisord> {
  const daemon = new Polyvisord(await mkdtemp(join(tmpdir(), "polyvisord-")));
  t.teardown(() => daemon.dispose());
  await mkdir(join(daemon.root, "etc/libvirt"), { recursive: true });
  const listed = uris.map((uri) => `"${uri}"`).join(", ");
  await writeFile(
    join(daemon.root, "etc/libvirt/polyvisord.conf"),
    `log_level = 2\nremote_uris = [ ${listed} ]\n${rules === undefined ? "" : 'access_drivers = [ "rules" ]\n'}`,
  );
  if (rules !== undefined) await writeFile(join(daemon.root, "etc/libvirt/access.rules"), rules);
  await daemon.start();
  return daemon;
}

async function behind(t: ExecutionContext, settings = "", args: readonly string[] = []): Promise<PrivateLibvirtd> {
  const daemon = await startLibvirtd(settings, { args });
  t.teardown(daemon.stop);
  return daemon;
}

/** The URI by which libvirt's client asks our daemon for another one's. */
const by = (daemon: Polyvisord, uri: string) =>
  `remote+unix:///?socket=${daemon.socket}&name=${encodeURIComponent(uri)}`;

const virsh = (uri: string, ...args: readonly string[]): Promise<Outcome> =>
  runCommand("virsh", ["-q", "-c", uri, ...args]);

/** What a person does there: looks, changes, and may not change where only looking was asked for. */
async function works(t: ExecutionContext, daemon: Polyvisord, uri: string): Promise<void> {
  const way = by(daemon, uri);
  t.deepEqual(await virsh(way, "list --all --name; domstate test"), {
    code: 0,
    stdout: "test\nrunning\n",
    stderr: "",
  });
  const xml = join(daemon.root, "domain.xml");
  await writeFile(xml, "<domain type='test'><name>far</name><memory>8192</memory><os><type>hvm</type></os></domain>");
  const changes = `define ${xml}; start far; domstate far; destroy far; undefine far; list --all --name`;
  t.deepEqual(await virsh(way, changes), { code: 0, stdout: "running\ntest\n", stderr: "" });
  const refused = await runCommand("virsh", ["-r", "-q", "-c", way, "suspend test"]);
  t.regex(refused.stderr, /error: operation forbidden: read only access prevents virDomainSuspend/);
}

testWith("virsh reaches a libvirtd by a unix socket through our daemon, with events", NEEDS, async (t) => {
  const { socket } = await behind(t);
  const uri = `test+unix:///default?socket=${socket}`;
  const daemon = await front(t, [uri]);
  await works(t, daemon, uri);
  let over = false;
  const waiting = virsh(by(daemon, uri), "event --event lifecycle --timeout 30").finally(() => {
    over = true;
  });
  // When virsh listens cannot be seen from here, so something happens there, by no way of ours, until it has heard of it.
  while (!over) await virsh(uri, "suspend test; resume test");
  t.regex((await waiting).stdout, /event 'lifecycle' for domain 'test': (Suspended|Resumed)/);
});

testWith("virsh reaches a libvirtd by TLS through our daemon", [...NEEDS, OPENSSL], async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "fronting-"));
  await chmod(folder, 0o755);
  const authority = await TestAuthority.create(join(folder, "pki"));
  await authority.issue("server", "localhost", ["DNS:localhost"]);
  await authority.issue("client", "polyvisord");
  const port = await freePort();
  const file = (name: string) => `"${join(authority.folder, name)}"`;
  await behind(
    t,
    `listen_tls = 1\nlisten_addr = "127.0.0.1"\ntls_port = "${port}"\nauth_tls = "none"\nca_file = ${file("cacert.pem")}\n` +
      `cert_file = ${file("servercert.pem")}\nkey_file = ${file("serverkey.pem")}`,
    ["--listen"],
  );
  const uri = `test+tls://localhost:${port}/default`;
  const daemon = await front(t, [`${uri}?pkipath=${authority.folder}`]);
  await works(t, daemon, uri);
});

testWith("virsh reaches a libvirtd by ssh through our daemon", [...NEEDS, SSHD, NETCAT], async (t) => {
  const { socket } = await behind(t);
  const { port, command, keyfile, stop } = await startSshd(sshd as string);
  t.teardown(stop);
  const uri = `test+ssh://${userInfo().username}@127.0.0.1:${port}/default`;
  const daemon = await front(t, [`${uri}?command=${command}&keyfile=${keyfile}&no_verify=1&socket=${socket}`]);
  await works(t, daemon, uri);
  t.regex(daemon.said, /"upstream":"test\+ssh:\/\/.*"msg":"a client is led to another daemon"/);
});

testWith("a volume with holes goes through our daemon both ways", NEEDS, async (t) => {
  const { socket, folder } = await behind(t);
  const uri = `qemu+unix:///session?socket=${socket}`;
  const daemon = await front(t, [uri]);
  const way = by(daemon, uri);
  const [up, down] = [join(daemon.root, "up"), join(daemon.root, "down")];
  const file = await openFile(up, "w");
  await file.write(Buffer.alloc(70_000, "x"), 0, 70_000, 3 << 20);
  await file.truncate(8 << 20);
  await file.close();
  const pool = `pool-create-as p dir --target ${folder}/data; vol-create-as p v 8M --format raw --allocation 0`;
  const moved = `vol-upload --pool p v ${up} --sparse; vol-download --pool p v ${down} --sparse`;
  const outcome = await virsh(way, `${pool}; ${moved}`);
  t.is(outcome.code, 0, outcome.stderr);
  t.true((await readFile(down)).equals(await readFile(up)));
  for (const path of [down, join(folder, "data/v")]) t.true((await stat(path)).blocks * 512 < 1 << 20, path);
});

testWith("virsh hears that the daemon behind ours is gone, and ours serves on", NEEDS, async (t) => {
  const other = await behind(t);
  const uri = `test+unix:///default?socket=${other.socket}`;
  const daemon = await front(t, [uri]);
  const args = ["-c", by(daemon, uri), "event", "--event", "lifecycle", "--loop", "--timeout", "60"];
  const child = spawn("virsh", args, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, LC_ALL: "C" } });
  t.teardown(() => child.kill("SIGKILL"));
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (text: Buffer) => {
      said += text;
    });
  // Its first event shows that it listens.
  await until("virsh listens", async () => {
    await virsh(uri, "suspend test; resume test");
    return said.includes("event 'lifecycle'");
  });
  await other.stop();
  await until("virsh hears of it", async () => /Disconnected from .* due to I\/O error/.test(said));
  t.deepEqual(await virsh(daemon.uri("test"), "list --name"), { code: 0, stdout: "test\n", stderr: "" });
  t.regex((await virsh(by(daemon, uri), "list")).stderr, /Failed to connect socket to .*: No such file or directory/);
});

testWith("a way on which nobody answers is left when the client leaves", [VIRSH], async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "fronting-"));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const [command, started] = [join(folder, "silent"), join(folder, "pid")];
  // It says nothing and reads nothing, as an ssh does whose server hangs.
  await writeFile(command, `#!/bin/sh\necho $$ > ${started}.new\nmv ${started}.new ${started}\nexec sleep 1000\n`, {
    mode: 0o755,
  });
  const uri = `test+ssh://silent/default?command=${command}`;
  const daemon = await front(t, [uri]);
  const client = spawn("virsh", ["-c", by(daemon, uri), "list"], { stdio: "ignore" });
  t.teardown(() => client.kill("SIGKILL"));
  await until("the way is begun", () =>
    access(started).then(
      () => true,
      () => false,
    ),
  );
  const pid = Number(await readFile(started, "utf8"));
  t.teardown(async () => {
    if (await isRunning(pid)) process.kill(pid, "SIGKILL");
  });
  t.deepEqual(await virsh(daemon.uri("test"), "list --name"), { code: 0, stdout: "test\n", stderr: "" });
  t.true(await isRunning(pid));
  client.kill("SIGKILL");
  await until("the way is left", async () => !(await isRunning(pid)));
  t.pass();
});

testWith("rules of our daemon hold for what is behind it", NEEDS, async (t) => {
  const { socket } = await behind(t);
  const uri = `test+unix:///default?socket=${socket}`;
  const daemon = await front(t, [uri], "deny * domain:suspend domain_name=test\nallow * *\n");
  const { stdout, stderr } = await virsh(by(daemon, uri), "domstate test; suspend test");
  t.is(stdout, "running\n");
  t.regex(stderr, /error: access denied: 'test' denied access/);
  t.regex(daemon.said, /"permission":"domain:suspend","object":\{[^}]*"domain_name":"test"/);
});

const REFUSED = [
  ["qemu+ssh://elsewhere/system", "the operator has not listed it"],
  ["test+ssh://listed/default?command=PROGRAM", "the parameter command is not the operator's"],
  ["test+ssh://listed/default?keyfile=/root/.ssh/id", "the parameter keyfile is not the operator's"],
  ["test+ext://listed/default?command=PROGRAM", "the operator has not listed it"],
] as const;

testWith(
  "a client cannot choose the way: nothing is run or read for it, and the refusal is logged",
  NEEDS,
  async (t) => {
    const daemon = await front(t, ["test+ssh://listed/default"]);
    const trace = join(daemon.root, "ran");
    const trap = join(daemon.root, "trap");
    await writeFile(trap, `#!/bin/sh\ntouch ${trace}\n`, { mode: 0o755 });
    for (const [uri, why] of REFUSED) {
      const { code, stderr } = await virsh(by(daemon, uri.replace("PROGRAM", trap)), "list");
      t.is(code, 1);
      t.true(stderr.includes(`operation forbidden: this daemon does not lead to`) && stderr.includes(why), stderr);
      t.true(daemon.said.includes(why), why);
    }
    // Without a host a program would be a way to this machine, which is here.
    t.deepEqual(await virsh(by(daemon, `test+ext:///default?command=${trap}`), "list --name"), {
      code: 0,
      stdout: "test\n",
      stderr: "",
    });
    await t.throwsAsync(access(trace), { code: "ENOENT" });
    t.regex(daemon.said, /"level":40,[^\n]*"pid":\d+,"uid":\d+,[^\n]*"msg":"a client was refused a call"/);
  },
);
