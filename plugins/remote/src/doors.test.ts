import { execFile } from "node:child_process";
import { once } from "node:events";
import { access, chmod, copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Connection, createHost, type VirtError } from "@polyvisor/core";
import { freePort, hasLibvirtd, startLibvirtd, TestAuthority } from "@polyvisor/sdk/testkit";
import test, { type ExecutionContext } from "ava";

/** libvirt's own daemon listens behind each door: what it lets in, and what it turns away. */
const present = await hasLibvirtd();
const [hasOpenssl, hasAccounts] = await Promise.all(["/usr/bin/openssl", "/usr/sbin/saslpasswd2"].map(exists));
const real = present ? test : test.skip;
const withCertificates = present && hasOpenssl ? test : test.skip;
const withSasl = present && hasAccounts ? test : test.skip;
if (!present) test.skip("no libvirtd is installed, so no door is tried", () => {});
if (!hasOpenssl) test.skip("no openssl is installed, so no certificates are made", () => {});
if (!hasAccounts) test.skip("no saslpasswd2 is installed, so no passwords are tried", () => {});

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

const host = await createHost({ plugins: [fileURLToPath(new URL("..", import.meta.url))] });
test.after.always(() => host.close());

async function open(t: ExecutionContext, uri: string): Promise<Connection> {
  const connection = await host.open(uri);
  t.teardown(() => connection.close());
  return connection;
}

async function folderOf(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "doors-"));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** What every door must carry: calls, a reply of some length, and events. */
async function works(t: ExecutionContext, connection: Connection, isSecure: boolean): Promise<void> {
  t.is(connection.uri, "test:///default");
  t.deepEqual(
    (await connection.domains()).map(({ name }) => name),
    ["test"],
  );
  t.is(await connection.api.connectIsSecure({}), isSecure);
  const events = await connection.events({ kinds: ["lifecycle"] });
  const xml = "<domain type='test'><name>door</name><memory>8192</memory><os><type>hvm</type></os></domain>";
  await (await connection.define(xml)).undefine();
  for await (const event of events) {
    t.is(event.dom.name, "door");
    break;
  }
}

real("TCP: the daemon answers, and the connection is known to be no secret", async (t) => {
  const port = await freePort();
  const settings = `listen_tls = 0\nlisten_tcp = 1\nlisten_addr = "127.0.0.1"\ntcp_port = "${port}"\nauth_tcp = "none"`;
  const daemon = await startLibvirtd(settings, { args: ["--listen"] });
  t.teardown(daemon.stop);
  await works(t, await open(t, `test+tcp://127.0.0.1:${port}/default`), false);
  const connection = await open(t, `test+tcp://localhost:${port}/default`);
  await daemon.stop();
  t.like(await connection.lost, { code: "SYSTEM_ERROR" });
});

test("TCP: who cannot be reached is named in libvirt's words", async (t) => {
  const port = await freePort();
  t.like(await t.throwsAsync<VirtError>(host.open(`test+tcp://127.0.0.1:${port}/default`)), {
    code: "SYSTEM_ERROR",
    message: `unable to connect to server at '127.0.0.1:${port}': Connection refused`,
  });
  const error = await t.throwsAsync<VirtError>(host.open(`test+tcp://nowhere.invalid:${port}/default`));
  t.is(error.code, "INTERNAL_ERROR");
  t.true(error.detail.startsWith(`Unable to resolve address 'nowhere.invalid' service '${port}': `), error.detail);
});

withCertificates("TLS: certificates prove who is who, both ways", async (t) => {
  const folder = await folderOf(t);
  const port = await freePort();
  const authority = await TestAuthority.create(join(folder, "good"));
  await authority.issue("server", "localhost", ["DNS:localhost"]);
  await authority.issue("client", "someone");
  const stranger = await TestAuthority.create(join(folder, "strange"), "Somebody else");
  await stranger.issue("client", "someone");
  const certless = await TestAuthority.create(join(folder, "certless"));
  await copyFile(authority.ca, certless.ca);
  const file = (name: string) => `"${join(authority.folder, name)}"`;
  const settings = [
    `listen_tls = 1\nlisten_tcp = 0\nlisten_addr = "127.0.0.1"\ntls_port = "${port}"\nauth_tls = "none"`,
    `ca_file = ${file("cacert.pem")}\ncert_file = ${file("servercert.pem")}\nkey_file = ${file("serverkey.pem")}`,
    'tls_priority = "NORMAL:-VERS-ALL:+VERS-TLS1.3"',
  ];
  await chmod(folder, 0o755);
  const daemon = await startLibvirtd(settings.join("\n"), { args: ["--listen"] });
  t.teardown(daemon.stop);
  const uri = (hostName: string, who: TestAuthority, more = "") =>
    `test+tls://${hostName}:${port}/default?pkipath=${who.folder}${more}`;
  await works(t, await open(t, uri("localhost", authority)), true);
  await works(t, await open(t, uri("127.0.0.1", authority, "&no_verify=1")), true);
  await works(t, await open(t, uri("localhost", authority, "&tls_priority=NORMAL:-VERS-TLS1.2")), true);
  const unspoken = host.open(uri("localhost", authority, "&tls_priority=NORMAL:-VERS-TLS1.3"));
  await t.throwsAsync(unspoken, { message: /^authentication failed: TLS handshake failed / });
  const unproved = { code: "AUTH_FAILED", message: "authentication failed: Failed to verify peer's certificate" };
  t.like(await t.throwsAsync(host.open(uri("localhost", stranger))), unproved);
  t.like(await t.throwsAsync(host.open(uri("127.0.0.1", authority))), unproved);
  const refused = {
    code: "RPC",
    message: "server verification (of our certificate or IP address) failed",
  };
  t.like(await t.throwsAsync(host.open(uri("localhost", stranger, "&no_verify=1"))), refused);
  t.like(await t.throwsAsync(host.open(uri("localhost", certless))), refused);
});

withCertificates("TLS: a server whose certificate has expired is turned away", async (t) => {
  const folder = await folderOf(t);
  await chmod(folder, 0o755);
  const port = await freePort();
  const authority = await TestAuthority.create(join(folder, "pki"));
  await authority.issue("server", "localhost", ["DNS:localhost"], -1);
  const file = (name: string) => `"${join(authority.folder, name)}"`;
  const settings = [
    `listen_tls = 1\nlisten_addr = "127.0.0.1"\ntls_port = "${port}"\nauth_tls = "none"\ntls_no_sanity_certificate = 1`,
    `ca_file = ${file("cacert.pem")}\ncert_file = ${file("servercert.pem")}\nkey_file = ${file("serverkey.pem")}`,
  ];
  const daemon = await startLibvirtd(settings.join("\n"), { args: ["--listen"] });
  t.teardown(daemon.stop);
  const uri = `test+tls://localhost:${port}/default?pkipath=${authority.folder}`;
  const error = await t.throwsAsync<VirtError>(host.open(uri));
  t.like(error, { code: "AUTH_FAILED", detail: "Failed to verify peer's certificate" });
  t.regex(error.hint ?? "", /EXPIRED/);
});

test("TLS: without the authority's certificate nobody is believed", async (t) => {
  t.like(await t.throwsAsync(host.open("test+tls://localhost/default?pkipath=/nowhere")), {
    code: "SYSTEM_ERROR",
    message: "Cannot read CA certificate '/nowhere/cacert.pem': No such file or directory",
  });
});

/** A libvirtd that wants a password on its unix socket, and the account that it knows. */
async function withPasswords(t: ExecutionContext, mechanisms: string): Promise<{ socket: string; folder: string }> {
  const folder = await folderOf(t);
  const sasl = join(folder, "sasl");
  await mkdir(sasl);
  const database = join(folder, "passwd.db");
  const account = execFile("saslpasswd2", ["-p", "-f", database, "-a", "libvirt", "-u", hostname(), "fred"]);
  account.stdin?.end("secret");
  await once(account, "close");
  await writeFile(join(sasl, "libvirt.conf"), `mech_list: ${mechanisms}\nsasldb_path: ${database}\n`);
  await chmod(folder, 0o755);
  await chmod(database, 0o644);
  const daemon = await startLibvirtd('auth_unix_rw = "sasl"', { env: { SASL_CONF_PATH: sasl } });
  t.teardown(daemon.stop);
  return { socket: daemon.socket, folder };
}

withSasl("SASL: a name and a password from the file that the URI names open the door", async (t) => {
  const { socket, folder } = await withPasswords(t, "SCRAM-SHA-512 SCRAM-SHA-256 SCRAM-SHA-1");
  const file = async (name: string, password: string) => {
    const text = `[credentials-own]\nauthname=fred\npassword=${password}\n[auth-libvirt-localhost]\ncredentials=own\n`;
    await writeFile(join(folder, name), text);
    return `&authfile=${join(folder, name)}`;
  };
  const right = await file("right.conf", "secret");
  const uri = `test+unix:///default?socket=${socket}`;
  for (const mechanism of ["", "&auth=sasl", ...[512, 256, 1].map((bits) => `&auth=sasl.SCRAM-SHA-${bits}`)])
    await works(t, await open(t, `${uri}${right}${mechanism}`), true);
  const wrong = await t.throwsAsync<VirtError>(host.open(`${uri}${await file("wrong.conf", "guess")}`));
  t.like(wrong, { code: "AUTH_FAILED", message: "authentication failed: authentication failed" });
  const rows: [parameter: string, detail: string][] = [
    ["", "No authentication callback available"],
    ["&auth=sasl.PLAIN", "SASL mechanism PLAIN not supported by server"],
    ["&auth=polkit", "requested authentication type polkit rejected"],
    ["&auth=magic", "unknown authentication type magic"],
  ];
  for (const [parameter, detail] of rows)
    t.like(await t.throwsAsync<VirtError>(host.open(`${uri}${parameter}`)), { code: "AUTH_FAILED", detail }, parameter);
});
