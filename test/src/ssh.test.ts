import { mkdtemp, symlink, writeFile } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { createHost, type Host } from "@polyvisor/core";
import { findSshd, type PrivateSshd, startSshd } from "@polyvisor/sdk/testkit";
import test from "ava";
import { type Outcome, runCommand } from "./harness/command.js";
import { type Need, program, testWith } from "./harness/needs.js";
import { Polyvisord, startPolyvisord } from "./harness/polyvisord.js";
import { project } from "./harness/project.js";

/** libvirt's own client comes to our daemon through a real sshd on the loopback address. */
const binary = await findSshd();
const sshdNeed: Need = { name: "sshd is not installed", met: binary !== undefined, kind: "program" };
const needs = [sshdNeed, ...(await Promise.all([program("virsh"), program("nc")]))];

const hasScram = await runCommand("sh", ["-c", "ls /usr/lib*/*/sasl2/libscram.so"]);
const SCRAM: Need = { name: "libsasl2-modules is not installed", met: hasScram.code === 0, kind: "program" };

let [daemon, sshd, host]: [Polyvisord?, PrivateSshd?, Host?] = [];

test.before(async () => {
  if (binary === undefined) return;
  [daemon, sshd] = [await startPolyvisord(), await startSshd(binary)];
  host = await createHost({ plugins: [join(project, "plugins/remote")] });
});
test.after.always(async () => {
  await host?.close();
  await sshd?.stop();
  await daemon?.dispose();
});

function uri(more = ""): string {
  const { port, command, keyfile } = sshd as PrivateSshd;
  const client = `command=${command}&keyfile=${keyfile}&no_verify=1&no_tty=1`;
  return `test+ssh://${userInfo().username}@127.0.0.1:${port}/default?${client}${more}`;
}

function virsh(...args: readonly string[]): Promise<Outcome> {
  return runCommand("virsh", ["-q", ...args]);
}

/** The daemon of this test has a --root, so a script of the helper's name gives it, as an operator's would. */
async function installHelper(root = daemon?.root): Promise<void> {
  const helper = `${process.execPath} ${join(project, "daemon/bin/virt-ssh-helper.js")}`;
  const text = `#!/bin/sh\nexec ${helper} --root '${root}' "$@"\n`;
  await writeFile(join((sshd as PrivateSshd).bin, "virt-ssh-helper"), text, { mode: 0o755 });
}

testWith("virsh and our own client reach the daemon by its helper", needs, async (t) => {
  await installHelper();
  const listed = await virsh("-c", uri("&proxy=native"), "list --all --name");
  t.deepEqual(listed, { code: 0, stdout: "test\n", stderr: "" });
  t.regex((await virsh("-c", uri(), "dominfo test")).stdout, /State: +running/);
  const script = "suspend test; resume test; event --list";
  t.like(await virsh("-c", uri(), script), { code: 0 });
  const connection = await (host as Host).open(uri());
  t.deepEqual(
    (await connection.domains()).map(({ name }) => name),
    ["test"],
  );
  await connection.close();
});

testWith("who only looks is given the socket on which nothing can be changed", needs, async (t) => {
  await installHelper();
  t.like(await virsh("-r", "-c", uri(), "list --name"), { code: 0, stdout: "test\n" });
  const refused = await virsh("-r", "-c", uri(), "suspend test");
  t.is(refused.code, 1);
  t.regex(refused.stderr, /error: operation forbidden: read only access prevents virDomainSuspend/);
});

testWith("virsh and our own client reach the daemon by nc and the socket that the URI names", needs, async (t) => {
  await symlink("/usr/bin/nc", join((sshd as PrivateSshd).bin, "carrier")).catch(() => {});
  for (const more of ["", "&netcat=carrier"]) {
    const address = uri(`&socket=${daemon?.socket}${more}`);
    t.deepEqual(await virsh("-c", address, "list --all --name"), { code: 0, stdout: "test\n", stderr: "" });
    const connection = await (host as Host).open(address);
    t.is(connection.uri, "test:///default");
    await connection.close();
  }
});

testWith("virsh and our own client log in by SCRAM through ssh", [...needs, SCRAM], async (t) => {
  const guarded = new Polyvisord(await mkdtemp(join(tmpdir(), "polyvisord-")));
  t.teardown(() => guarded.dispose());
  await guarded.settings('auth_unix_rw = "sasl"\nauth_unix_ro = "sasl"\nlog_level = 2\n');
  const setPassword = [join(project, "daemon/bin/polyvisord.js"), "--root", guarded.root, "--set-password", "fred"];
  t.like(await runCommand(process.execPath, setPassword, { input: "rubble\n" }), { code: 0 });
  await guarded.start();
  await installHelper(guarded.root);
  const knowing = async (password: string) => {
    const file = join(guarded.root, `auth-${password}.conf`);
    const credentials = `[credentials-mine]\nauthname=fred\nusername=fred\npassword=${password}\n`;
    await writeFile(file, `${credentials}\n[auth-libvirt-127.0.0.1]\ncredentials=mine\n`);
    return `&authfile=${file}`;
  };
  const [right, wrong] = [await knowing("rubble"), await knowing("pebbles")];
  for (const way of ["&proxy=native", `&socket=${guarded.socket}`]) {
    t.deepEqual(await virsh("-c", uri(way + right), "list --name"), { code: 0, stdout: "test\n", stderr: "" }, way);
    const connection = await (host as Host).open(uri(way + right));
    t.is((await connection.domains()).length, 1);
    await connection.close();
  }
  const refused = await virsh("-r", "-c", uri(`&proxy=native${wrong}`), "list");
  t.is(refused.code, 1);
  t.regex(refused.stderr, /error: authentication failed: authentication failed/);
  await t.throwsAsync((host as Host).open(uri(`&socket=${guarded.socket}${wrong}`)), {
    message: /authentication failed/,
  });
  t.is([...guarded.said.matchAll(/"reason":"wrong password for \\"fred\\"/g)].length, 2);
});

testWith("an event comes back to virsh through ssh", needs, async (t) => {
  await installHelper();
  let over = false;
  const waiting = virsh("-c", uri(), "event --event lifecycle --timeout 30").finally(() => {
    over = true;
  });
  // When virsh listens cannot be seen from here, so something happens until it has heard of it.
  while (!over) await virsh("-c", daemon?.uri("test") ?? "", "suspend test; resume test");
  t.like(await waiting, { code: 0 });
  t.regex((await waiting).stdout, /event 'lifecycle' for domain 'test': (Suspended|Resumed)/);
});

testWith("where no daemon listens, the helper names the socket to whoever came", needs, async (t) => {
  const bin = (sshd as PrivateSshd).bin;
  const helper = join(project, "daemon/bin/virt-ssh-helper.js");
  await writeFile(
    join(bin, "virt-ssh-helper"),
    `#!/bin/sh\nexec ${process.execPath} ${helper} --root /nowhere "$@"\n`,
    {
      mode: 0o755,
    },
  );
  const { code, stderr } = await virsh("-c", uri("&proxy=native"), "uri");
  t.is(code, 1);
  t.regex(
    stderr,
    /virt-ssh-helper: cannot connect to '\/nowhere\/run\/libvirt\/libvirt-sock': no such file or directory/,
  );
});

testWith("the helper says how it is called", needs, async (t) => {
  const helper = join(project, "daemon/bin/virt-ssh-helper.js");
  const run = (...args: readonly string[]) => runCommand(process.execPath, [helper, ...args]);
  t.like(await run("--version"), { code: 0 });
  t.regex((await run("--help")).stdout, /-r, --readonly/);
  t.like(await run(), { code: 2, stderr: "virt-ssh-helper: a URI is expected\n" });
  t.like(await run("test:///default", "more"), { code: 2, stderr: "virt-ssh-helper: one URI is expected\n" });
  t.like(await run("--what", "test:///default"), { code: 2 });
  t.is((await run("no uri")).code, 1);
});
