import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, hasLibvirtd, startLibvirtd, TestAuthority } from "@polyvisor/sdk/testkit";
import type { ExecutionContext } from "ava";
import { type Outcome, runCommand } from "./harness/command.js";
import { type Need, program, testWith } from "./harness/needs.js";
import { Polyvisord } from "./harness/polyvisord.js";
import { until } from "./harness/processes.js";
import { project } from "./harness/project.js";

/**
 * Who is turned away at which door, how libvirt's own client hears of it, and what the log says of it. Beside ours stands
 * libvirt's daemon, as far as a user's own can refuse the same.
 */
const isRoot: Need = { name: "only root may change users", met: process.getuid?.() === 0, kind: "kernel" };
const libvirtd: Need = { name: "libvirtd is not installed", met: await hasLibvirtd(), kind: "program" };
const NEEDS = [libvirtd, isRoot, await program("virsh")];
const CROWD = [isRoot, ...(await Promise.all(["prlimit", "virsh", "virt-admin"].map(program)))];
const [OPENSSL, SASL] = [await program("openssl"), await program("saslpasswd2")];

/** A daemon, ours or libvirt's, behind one kind of doors. */
interface Side {
  readonly name: "polyvisord" | "libvirtd";
  readonly socket: string;
  /** Where clients may only look: the daemon of a user has no such socket, and its client says by a flag that it only looks. */
  readonly readOnly: readonly string[];
  /** What it has logged. */
  log(): Promise<string>;
}

/** What differs between daemons beside their settings. */
interface Extras {
  readonly rules?: string;
  readonly args?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** Called with the folder of ours before it starts. */
  prepare?(root: string): Promise<void>;
}

const uriOf = (socket: string) => `test+unix:///default?socket=${socket}`;

async function ours(t: ExecutionContext, settings: string, extras: Extras = {}): Promise<Side> {
  const daemon = new Polyvisord(await mkdtemp(join(tmpdir(), "polyvisord-")));
  t.teardown(() => daemon.dispose());
  const folder = join(daemon.root, "etc/libvirt");
  await chmod(daemon.root, 0o755);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "polyvisord.conf"), settings);
  if (extras.rules !== undefined) await writeFile(join(folder, "access.rules"), extras.rules);
  await extras.prepare?.(daemon.root);
  await daemon.start();
  const readOnly = ["-c", uriOf(daemon.readOnlySocket)];
  return { name: "polyvisord", socket: daemon.socket, readOnly, log: async () => daemon.said };
}

async function theirs(t: ExecutionContext, settings: string, { args = [], env = {} }: Extras = {}): Promise<Side> {
  const { folder, socket, stop } = await startLibvirtd(settings, { args, env });
  t.teardown(stop);
  return {
    name: "libvirtd",
    socket,
    readOnly: ["-r", "-c", uriOf(socket)],
    log: () => readFile(join(folder, "libvirtd.log"), "utf8"),
  };
}

const virsh = (args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Outcome> =>
  runCommand("virsh", ["-q", ...args], { env: { ...process.env, ...env } });

async function folderOf(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "refusals-"));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  await chmod(folder, 0o755);
  return folder;
}

/** One way to be refused. */
interface Refusal {
  readonly what: string;
  provoke(side: Side): Promise<Outcome>;
  /** What virsh says, but for paths: the same of both daemons. */
  readonly says: string;
  /** Our line about it; a kernel that refuses tells no daemon. */
  readonly logs: RegExp | "the kernel refuses";
  /** Why libvirt's daemon is not asked the same. */
  readonly notLibvirtd?: string;
}

/** Whoever it was: a process of a user, or an address. */
const WHO = String.raw`"pid":\d+,"uid":\d+`;

async function refuses(t: ExecutionContext, sides: readonly Side[], refusals: readonly Refusal[]): Promise<void> {
  for (const { what, provoke, says, logs, notLibvirtd } of refusals)
    for (const side of sides) {
      if (side.name === "libvirtd" && notLibvirtd !== undefined) {
        t.log(`${what}: libvirtd is not asked, because ${notLibvirtd}`);
        continue;
      }
      const { code, stderr } = await provoke(side);
      const heard = stderr.replaceAll(/'\/[^']*'/g, "PATH").trim();
      t.deepEqual({ code, heard }, { code: 1, heard: says }, `${what} (${side.name})`);
      if (side.name === "polyvisord" && logs instanceof RegExp)
        await until(`the log tells of ${what}`, async () => logs.test(await side.log()));
    }
}

const FAILED = "error: failed to connect to the hypervisor\nerror: ";
const AS_DAEMON = ["setpriv", "--reuid=1", "--regid=1", "--clear-groups"] as const;

testWith(
  "at the unix sockets: the wrong group, a change where one may only look, a permission that is denied",
  NEEDS,
  async (t) => {
    const rules = "deny * domain:suspend domain_name=test\nallow * *\n";
    const settings = 'unix_sock_group = "games"\nunix_sock_rw_perms = "0770"\naccess_drivers = [ "rules" ]\n';
    const [command, ...drop] = AS_DAEMON;
    await refuses(
      t,
      [await ours(t, settings, { rules }), await theirs(t, "")],
      [
        {
          what: "the wrong group",
          provoke: ({ socket }) => runCommand(command, [...drop, "virsh", "-q", "-c", uriOf(socket), "list"]),
          says: `${FAILED}Failed to connect socket to PATH: Permission denied`,
          logs: "the kernel refuses",
        },
        {
          what: "a change where one may only look",
          provoke: ({ readOnly }) => virsh([...readOnly, "suspend test"]),
          says: "error: Failed to suspend domain 'test'\nerror: operation forbidden: read only access prevents virDomainSuspend",
          logs: new RegExp(`${WHO}.*read only access prevents virDomainSuspend.*a client was refused a call`),
        },
        {
          what: "a permission that is denied",
          provoke: ({ socket }) => virsh(["-c", uriOf(socket), "suspend test"]),
          says: "error: Failed to suspend domain 'test'\nerror: access denied: 'test' denied access",
          logs: /"uid":0.*"call":"domainSuspend","permission":"domain:suspend","object":\{[^}]*"domain_name":"test".*access denied/,
          notLibvirtd: "its policies are polkit's, which the daemon of a user does not ask",
        },
      ],
    );
  },
);

testWith(
  "at a login: a wrong password, a name that nobody knows, a name that is not on the list",
  [...NEEDS, SASL],
  async (t) => {
    const folder = await folderOf(t);
    const database = join(folder, "passwd.db");
    for (const user of ["fred", "mary"]) {
      const account = execFile("saslpasswd2", ["-p", "-f", database, "-a", "libvirt", "-u", hostname(), user]);
      account.stdin?.end("secret");
      await once(account, "close");
    }
    await chmod(database, 0o644);
    await writeFile(join(folder, "libvirt.conf"), `mech_list: SCRAM-SHA-256\nsasldb_path: ${database}\n`);
    const prepare = async (root: string) => {
      for (const user of ["fred", "mary"]) {
        const args = [join(project, "daemon/bin/polyvisord.js"), "--root", root, "--set-password", user];
        await runCommand(process.execPath, args, { input: "secret\n" });
      }
    };
    const settings = `auth_unix_rw = "sasl"\nsasl_allowed_username_list = [ "fred*", "dino*" ]\n`;
    const lists = ({ socket }: Side, env: NodeJS.ProcessEnv) => virsh(["-c", uriOf(socket), "list"], env);
    const as =
      (user: string, password: string, then = lists) =>
      async (side: Side) => {
        const file = join(folder, `${side.name}-${user}.conf`);
        const credentials = `[credentials-mine]\nauthname=${user}\nusername=${user}\npassword=${password}\n`;
        await writeFile(file, `${credentials}\n[auth-libvirt-localhost]\ncredentials=mine\n`);
        return then(side, { LIBVIRT_AUTH_FILE: file });
      };
    const sides = [
      await ours(t, settings, { prepare }),
      await theirs(t, settings, { env: { SASL_CONF_PATH: folder } }),
    ];
    const says = `${FAILED}authentication failed: authentication failed`;
    const logged = (reason: string) => new RegExp(`${WHO}.*"reason":"${reason}.*a client failed to log in`);
    await refuses(t, sides, [
      { what: "a wrong password", provoke: as("fred", "guess"), says, logs: logged("wrong password for ..fred") },
      { what: "an unknown name", provoke: as("dino", "secret"), says, logs: logged("there is no user ..dino") },
      {
        what: "a name not on the list",
        provoke: as("mary", "secret"),
        says,
        logs: logged("..mary.. is not in sasl_allowed"),
      },
    ]);
    for (const side of sides) t.is((await as("fred", "secret")(side)).code, 0, side.name);

    const slowly = '{ echo list; sleep 2; echo list; } | virsh -q -c "$0"';
    const listsTwice = ({ socket }: Side, env: NodeJS.ProcessEnv) =>
      runCommand("sh", ["-c", slowly, uriOf(socket)], { env: { ...process.env, ...env } });
    const hasty = await ours(t, `${settings}login_timeout = 1\nmax_anonymous_clients = 1\n`, { prepare });
    const silent = await held(t, hasty.socket);
    const [longer] = await Promise.all([as("fred", "secret", listsTwice)(hasty), once(silent, "close")]);
    t.is(longer.code, 0, longer.stderr);
    t.is(longer.stdout.match(/ test /g)?.length, 2, "whoever logs in waits for the one that does not, and stays");
    const logs = new RegExp(`"seconds":1,${WHO}.*a client has not logged in in time; it is turned away`);
    await until("the log tells of it", async () => logs.test(await hasty.log()));
  },
);

testWith(
  "at the TLS door: no certificate, one of somebody else, the wrong name, one that has expired",
  [...NEEDS, OPENSSL],
  async (t) => {
    const folder = await folderOf(t);
    const authority = await TestAuthority.create(join(folder, "server"));
    await authority.issue("server", "localhost", ["DNS:localhost"]);
    const file = (name: string) => `"${join(authority.folder, name)}"`;
    const pki = async (name: string, from?: TestAuthority) => {
      const path = join(folder, name);
      await mkdir(path);
      await copyFile(authority.ca, join(path, "cacert.pem"));
      for (const part of from === undefined ? [] : ["clientcert.pem", "clientkey.pem"])
        await copyFile(join((from as TestAuthority).folder, part), join(path, part));
      return path;
    };
    const issued = async (name: string, commonName: string, days?: number) => {
      await authority.issue("client", commonName, [], days);
      return pki(name, authority);
    };
    // Of the same name: a client shows no certificate of an authority whose name the daemon does not give.
    const stranger = await TestAuthority.create(join(folder, "stranger"));
    await stranger.issue("client", "fred");
    const [none, strange] = [await pki("none"), await pki("strange", stranger)];
    const [wrong, expired, good] = [
      await issued("wrong", "mary"),
      await issued("expired", "fred", -1),
      await issued("good", "fred"),
    ];
    const ports = { polyvisord: await freePort(), libvirtd: await freePort() };
    const settings = (name: keyof typeof ports) =>
      `listen_tls = 1\nlisten_addr = "127.0.0.1"\ntls_port = "${ports[name]}"\nauth_tls = "none"\n` +
      `tls_allowed_dn_list = [ "O=Test,CN=fred" ]\nca_file = ${file("cacert.pem")}\n` +
      `cert_file = ${file("servercert.pem")}\nkey_file = ${file("serverkey.pem")}\n`;
    // What libvirt's client thinks of its own certificate is left out: the daemon is to refuse it.
    const by = (path: string) => (side: Side) =>
      virsh(["-c", `test+tls://localhost:${ports[side.name]}/default?pkipath=${path}&no_sanity=1`, "list"]);
    const sides = [
      await ours(t, settings("polyvisord")),
      await theirs(t, settings("libvirtd"), { args: ["--listen"] }),
    ];
    const says = `${FAILED}Unable to read TLS confirmation: Input/output error`;
    const logged = (reason: string) =>
      new RegExp(`"reason":"${reason}.*"peer":"[^"]*127.0.0.1".*a client was refused at the TLS door`);
    await refuses(t, sides, [
      { what: "no certificate", provoke: by(none), says, logs: logged("the client showed no certificate") },
      {
        what: "another authority",
        provoke: by(strange),
        says,
        logs: logged("Certificate failed validation.*known issuer"),
      },
      { what: "the wrong name", provoke: by(wrong), says, logs: logged("Client's Distinguished Name.*O=Test,CN=mary") },
      {
        what: "an expired one",
        provoke: by(expired),
        says,
        logs: logged("The client certificate .* has expired .*CN=fred"),
      },
    ]);
    for (const side of sides) t.is((await by(good)(side)).code, 0, side.name);
  },
);

/** Clients of a unix socket whom its daemon has accepted. */
async function connectionsTo(socket: string): Promise<number> {
  const lines = (await readFile("/proc/net/unix", "utf8")).split("\n").filter((line) => line.endsWith(` ${socket}`));
  return lines.filter((line) => / 0001 03 /.test(line)).length;
}

/** A connection that says nothing. */
async function held(t: ExecutionContext, socket: string) {
  const connection = connect(socket);
  connection.on("error", () => {});
  t.teardown(() => connection.destroy());
  await once(connection, "connect");
  return connection;
}

testWith(
  "too many clients: one more waits until another leaves, and those that are too many to wait are turned away",
  NEEDS,
  async (t) => {
    const settings = "max_clients = 1\nmax_anonymous_clients = 1\nmax_queued_clients = 1\n";
    for (const side of [await ours(t, settings), await theirs(t, settings)]) {
      const first = await held(t, side.socket);
      await until("the first is alone", async () => (await connectionsTo(side.socket)) === 1);
      let served = false;
      const second = virsh(["-c", uriOf(side.socket), "list --name"]).then((outcome) => {
        served = true;
        return outcome;
      });
      if (side.name === "polyvisord") {
        await until("the second waits", async () => (await connectionsTo(side.socket)) === 2);
        const third = await virsh(["-c", uriOf(side.socket), "list"]);
        const turnedAway = new RegExp(`"clients":1,.*"queued":1,.*${WHO}.*too many clients; a new one is turned away`);
        await until("the log tells of the third", async () => turnedAway.test(await side.log()));
        // Where it writes before it has read the end, the signal of a broken pipe may end it without a word.
        t.not(third.code, 0);
        t.regex(
          third.stderr,
          /^$|error: (End of file while reading data|Cannot (recv|write) data|internal error: client socket is closed)/,
        );
      }
      t.false(served, side.name);
      first.destroy();
      t.like(await second, { code: 0, stdout: "test\n" }, side.name);
    }
  },
);

testWith(
  "more clients than the daemon may open descriptors for are turned away, and neither the daemon nor its operator notices",
  CROWD,
  async (t) => {
    const daemon = new Polyvisord(await mkdtemp(join(tmpdir(), "polyvisord-")), ["prlimit", "--nofile=320"]);
    t.teardown(() => daemon.dispose());
    await daemon.start();
    const crowd = await Promise.all(Array.from({ length: 500 }, () => held(t, daemon.socket)));
    const turnedAway = /"clients":\d+,.*more clients than this process may open descriptors for.*is turned away/;
    await until("the log tells of it", async () => turnedAway.test(daemon.said));
    const admin = `libvirtd:///system?socket=${daemon.socket.replace("libvirt-sock", "libvirt-admin-sock")}`;
    const figures = await runCommand("virt-admin", ["-c", admin, "srv-clients-info", "libvirtd"]);
    t.regex(figures.stdout, /^nclients +: (1[5-9]|2\d)\d$/m, figures.stderr);
    for (const client of crowd) client.destroy();
    await until(
      "there is room again",
      async () => (await virsh(["-c", uriOf(daemon.socket), "list --name"])).code === 0,
    );
  },
);

testWith("silence: a client that answers no pings is dropped, and hears it when it wakes", NEEDS, async (t) => {
  const settings = "keepalive_interval = 1\nkeepalive_count = 1\n";
  for (const side of [await ours(t, settings), await theirs(t, settings)]) {
    // Its own pings are left out: the daemon's are to tell that it sleeps.
    const args = ["-k", "0", "-c", uriOf(side.socket), "event", "--event", "lifecycle", "--loop", "--timeout", "120"];
    const child = spawn("virsh", args, { env: { ...process.env, LC_ALL: "C" } });
    t.teardown(() => child.kill("SIGKILL"));
    let said = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (text: Buffer) => {
        said += text;
      });
    // Its first event shows that it listens.
    await until("virsh listens", async () => {
      await virsh(["-c", uriOf(side.socket), "suspend test; resume test"]);
      return said.includes("event 'lifecycle'");
    });
    child.kill("SIGSTOP");
    await until(`${side.name} gives it up`, async () => (await connectionsTo(side.socket)) === 0);
    const logged = new RegExp(`"pid":${child.pid},"uid":0.*connection closed due to keepalive timeout`);
    if (side.name === "polyvisord") await until("the log tells of it", async () => logged.test(await side.log()));
    child.kill("SIGCONT");
    const gone = /Disconnected from .* due to end of file/;
    await until(`virsh hears of it from ${side.name}`, async () => gone.test(said));
    t.regex(said, gone);
    child.kill("SIGKILL");
  }
});
