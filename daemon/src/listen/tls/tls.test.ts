import { access, copyFile, mkdir } from "node:fs/promises";
import { connect as connectTcp } from "node:net";
import { join } from "node:path";
import { freePort } from "@polyvisor/sdk/testkit";
import type { ExecutionContext } from "ava";
import test from "ava";
import { type Certificate, TestAuthority } from "../../testing/certificates.js";
import {
  configure,
  type Daemon,
  hasProgram,
  polyvisord,
  rootFolder,
  runProgram,
  startPolyvisord,
} from "../../testing/process.js";
import { until } from "../../testing/serve.js";
import { hasScram, setPassword, virshAs } from "../../testing/users.js";

const missing = (
  await Promise.all(
    ["virsh", "openssl", "virt-pki-query-dn", "virt-admin"].map(async (name) =>
      (await hasProgram(name)) ? [] : [name],
    ),
  )
).flat();

const scramIsHere = await hasScram();

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );

interface Place {
  readonly root: string;
  readonly authority: TestAuthority;
  readonly port: number;
}

async function place(t: ExecutionContext): Promise<Place> {
  const root = await rootFolder(t);
  return { root, authority: await TestAuthority.create(join(root, "ca")), port: await freePort() };
}

/** A daemon with a TLS door, and more lines in its settings. */
async function serveTls(
  t: ExecutionContext,
  { root, authority, port }: Place,
  settings = "",
  prepare: () => Promise<void> = async () => {},
): Promise<Daemon> {
  const { cert, key } = await authority.issue("server", "/CN=localhost");
  const files = `ca_file = "${authority.cert}"\ncert_file = "${cert}"\nkey_file = "${key}"\n`;
  await configure(
    root,
    `log_level = 2\nlisten_tls = 1\nlisten_addr = "127.0.0.1"\ntls_port = "${port}"\n${files}${settings}`,
  );
  await prepare();
  return startPolyvisord(t, root);
}

/** A URI for libvirt's client, which takes the certificates from a folder; it may have none of its own. */
async function tlsUri({ root, port }: Place, ca: string, own: Certificate | undefined): Promise<string> {
  const pki = join(root, `pki-${own === undefined ? "none" : own.cert.replaceAll("/", "_")}`);
  await mkdir(pki, { recursive: true });
  await copyFile(ca, join(pki, "cacert.pem"));
  if (own !== undefined) {
    await copyFile(own.cert, join(pki, "clientcert.pem"));
    await copyFile(own.key, join(pki, "clientkey.pem"));
  }
  // Its own look at its certificates is left out: the daemon is to refuse them.
  return `test+tls://localhost:${port}/default?pkipath=${pki}&no_sanity=1`;
}

/** Runs virsh with certificates of a client's own, or without. */
async function virshOver(place: Place, ca: string, own: Certificate | undefined, ...args: string[]) {
  return runProgram("virsh", ["-c", await tlsUri(place, ca, own), ...args], { env: { LC_ALL: "C" } });
}

if (missing.length > 0) test.skip(`TLS with libvirt's own client: no ${missing.join(", ")} here`, () => {});
else {
  test("virsh comes in by TLS, works, and takes much out", async (t) => {
    const here = await place(t);
    const daemon = await serveTls(t, here);
    const client = await here.authority.issue("client", "/C=GB/O=Example/CN=fred");
    const virsh = (...args: string[]) => virshOver(here, here.authority.cert, client, ...args);
    t.regex((await virsh("list", "--all")).stdout, /^ 1 +test +running$/m);
    const { stdout } = await virsh(`suspend test; domstate test; ${"dumpxml test; ".repeat(200)}`);
    t.regex(stdout, /^paused$/m);
    t.is(stdout.split("</domain>").length, 201);
    const passing = await virsh("destroy test; start test --pass-fds 0");
    t.regex(passing.stderr, /fd passing is not supported by this connection/);
    t.is(await daemon.end("SIGTERM"), 0);
  });

  const REFUSALS: readonly {
    readonly what: string;
    readonly settings?: (place: Place, client: Certificate) => Promise<string> | string;
    readonly client: (place: Place) => Promise<Certificate | undefined>;
    readonly logs: RegExp;
  }[] = [
    { what: "no certificate", client: async () => undefined, logs: /the client showed no certificate/ },
    {
      what: "an expired certificate",
      client: ({ authority }) => authority.issue("client", "/CN=fred", -1),
      logs: /The client certificate \[session\] has expired \(CN=fred\)/,
    },
    {
      what: "a certificate of another CA",
      client: async ({ root }) => (await TestAuthority.create(join(root, "other"))).issue("client", "/CN=fred"),
      logs: /Certificate failed validation: The certificate hasn't got a known issuer/,
    },
    {
      what: "a certificate for another use",
      client: ({ authority }) => authority.issue("server", "/CN=fred"),
      logs: /Certificate failed validation: The certificate is not trusted. \(INVALID_PURPOSE\)/,
    },
    {
      what: "a name that is not on the list",
      settings: () => 'tls_allowed_dn_list = [ "O=Example,CN=f*", "CN=mary" ]\n',
      client: ({ authority }) => authority.issue("client", "/CN=fred"),
      logs: /Client's Distinguished Name is not on the list of allowed clients \(tls_allowed_dn_list\) \(CN=fred\)/,
    },
    {
      what: "a revoked certificate",
      settings: async ({ authority }, client) => `crl_file = "${await authority.revoke(client)}"\n`,
      client: ({ authority }) => authority.issue("client", "/CN=fred"),
      logs: /Certificate failed validation: The certificate has been revoked/,
    },
  ];

  /** Those that need no settings of their own are refused by one daemon. */
  const REFUSING = [
    REFUSALS.filter(({ settings }) => settings === undefined),
    ...REFUSALS.filter(({ settings }) => settings !== undefined).map((row) => [row]),
  ];

  for (const rows of REFUSING) {
    const names = rows.map(({ what }) => what).join(", ");
    test(`refused at the TLS door, in the words of libvirtd, and logged: ${names}`, async (t) => {
      const here = await place(t);
      const clients: (Certificate | undefined)[] = [];
      for (const { client } of rows) clients.push(await client(here));
      const { settings } = rows[0] ?? {};
      const more = settings === undefined || clients[0] === undefined ? "" : await settings(here, clients[0]);
      const daemon = await serveTls(t, here, more);
      for (const [index, { what, logs }] of rows.entries()) {
        const { code, stderr } = await virshOver(here, here.authority.cert, clients[index], "list");
        t.is(code, 1, what);
        t.regex(
          stderr,
          /error: failed to connect to the hypervisor\nerror: Unable to read TLS confirmation: Input\/output error/,
          what,
        );
        await until(() => logs.test(daemon.log()));
        const refusals = daemon.log().match(/"msg":"a client was refused at the TLS door"/g);
        t.is(refusals?.length, index + 1, what);
      }
      const good = await here.authority.issue("client", "/O=Example/CN=fred");
      t.is((await virshOver(here, here.authority.cert, good, "list")).code, 0);
    });
  }

  test("names on the list come in, and are those that virt-pki-query-dn prints", async (t) => {
    const here = await place(t);
    const client = await here.authority.issue(
      "client",
      '/C=GB/O=A, "B" \\+ <C>/OU=a+UID=u1/emailAddress=a@b.c/CN= é#1',
    );
    const { stdout } = await runProgram("virt-pki-query-dn", [client.cert]);
    const name = stdout.trimEnd();
    t.regex(name, /^C=GB,O=A/);
    const daemon = await serveTls(t, here, `tls_allowed_dn_list = [ '${name}' ]\n`);
    const { code, stderr } = await virshOver(here, here.authority.cert, client, "list");
    t.is(code, 0, `${stderr}${daemon.log()}`);
  });

  const loginTest = scramIsHere ? test : test.skip;
  loginTest("behind the certificate a login may be asked for as well (needs libscram)", async (t) => {
    const here = await place(t);
    const { authority, root } = here;
    const daemon = await serveTls(t, here, 'auth_tls = "sasl"\n', () => setPassword(t, root, "fred", "rubble"));
    const uri = await tlsUri(here, authority.cert, await authority.issue("client", "/CN=host"));
    t.is((await virshAs(root, uri, "fred", "rubble", "list")).code, 0, daemon.log());
    t.regex((await virshAs(root, uri, "fred", "pebbles", "list")).stderr, /authentication failed/);
    await until(() => /"certificate":"CN=host".*"reason":"wrong password for \\"fred\\""/.test(daemon.log()));
    const without = await tlsUri(here, authority.cert, undefined);
    t.is((await virshAs(root, without, "fred", "rubble", "list")).code, 1);
  });

  test("without a look at certificates, whoever comes is let in", async (t) => {
    const here = await place(t);
    await serveTls(t, here, "tls_no_verify_certificate = 1\n");
    t.is((await virshOver(here, here.authority.cert, undefined, "list")).code, 0);
  });

  test("a client that speaks no TLS is dropped and logged; one that says nothing does not keep the daemon", async (t) => {
    const here = await place(t);
    const daemon = await serveTls(t, here);
    const talker = connectTcp(here.port, "127.0.0.1");
    talker.on("error", () => {});
    talker.write("GET / HTTP/1.0\r\n\r\n");
    await new Promise((resolve) => talker.once("close", resolve));
    await until(() => /the handshake failed/.test(daemon.log()));
    const silent = connectTcp(here.port, "127.0.0.1");
    await new Promise((resolve) => silent.once("connect", resolve));
    const begin = performance.now();
    t.is(await daemon.end("SIGTERM"), 0);
    t.true(performance.now() - begin < 20_000);
    silent.destroy();
  });

  test("those who never finish a handshake do not use up the room of those who do", async (t) => {
    const here = await place(t);
    await serveTls(t, here, "max_anonymous_clients = 1\n");
    for (const words of ["hello\r\n\r\n", ""]) {
      const passer = connectTcp(here.port, "127.0.0.1");
      passer.on("error", () => {});
      passer.end(words);
      passer.resume();
      await new Promise((resolve) => passer.once("close", resolve));
    }
    const client = await here.authority.issue("client", "/CN=fred");
    for (const own of [undefined, client, undefined, client]) {
      const { code } = await virshOver(here, here.authority.cert, own, "list");
      t.is(code, own === undefined ? 1 : 0);
    }
  });

  test("a server's own certificate that no client would trust stops the start", async (t) => {
    const { root, authority } = await place(t);
    const old = await authority.issue("server", "/CN=localhost", -1);
    const settings = `listen_tls = 1\nca_file = "${authority.cert}"\ncert_file = "${old.cert}"\nkey_file = "${old.key}"\n`;
    await configure(root, settings);
    const { code, stderr } = await polyvisord("--root", root);
    t.is(code, 1);
    t.is(
      stderr,
      `polyvisord: ${root}/etc/libvirt/polyvisord.conf:3: cert_file: The server certificate ${old.cert} has expired\n` +
        "hint: tls_no_sanity_certificate = 1 lets the daemon start all the same\n",
    );
  });

  test("a client that speaks only a version that the priorities leave out is refused", async (t) => {
    const here = await place(t);
    const daemon = await serveTls(t, here, 'tls_priority = "NORMAL:-VERS-TLS1.2"\n');
    const client = await here.authority.issue("client", "/CN=fred");
    const handshake = (version: string) =>
      runProgram("openssl", [
        ...["s_client", "-connect", `localhost:${here.port}`, version],
        ...["-CAfile", here.authority.cert, "-cert", client.cert, "-key", client.key],
      ]);
    t.not((await handshake("-tls1_2")).code, 0);
    t.regex((await handshake("-tls1_3")).stdout, /Verify return code: 0 \(ok\)/);
    t.regex(daemon.log(), /the handshake failed/);
  });

  test("a certificate that is revoked while the daemon runs counts no more once virt-admin has the files read", async (t) => {
    const here = await place(t);
    const client = await here.authority.issue("client", "/CN=fred");
    await serveTls(t, here, `crl_file = "${await here.authority.revoke()}"\n`);
    t.is((await virshOver(here, here.authority.cert, client, "list")).code, 0);
    await here.authority.revoke(client);
    const admin = `libvirtd:///system?socket=${here.root}/run/libvirt/libvirt-admin-sock`;
    const updated = await runProgram("virt-admin", ["-c", admin, "srv-update-tls", "libvirtd"]);
    t.is(updated.code, 0, updated.stderr);
    t.is((await virshOver(here, here.authority.cert, client, "list")).code, 1);
    const other = await here.authority.issue("client", "/CN=mary");
    t.is((await virshOver(here, here.authority.cert, other, "list")).code, 0);
  });

  test("a session is not taken up again: each connection shows its certificate", async (t) => {
    const here = await place(t);
    await serveTls(t, here);
    const { cert, key } = await here.authority.issue("client", "/CN=fred");
    const file = join(here.root, "session");
    const connect = (...more: string[]) =>
      runProgram(
        "openssl",
        [
          ...["s_client", "-connect", `localhost:${here.port}`, "-CAfile", here.authority.cert],
          ...["-cert", cert, "-key", key, "-no_ign_eof", ...more],
        ],
        { input: "Q\n" },
      );
    for (const version of ["-tls1_2", "-tls1_3"]) {
      t.regex((await connect(version, "-sess_out", file)).stdout, /^New, TLSv1/m);
      if (await exists(file)) t.notRegex((await connect(version, "-sess_in", file)).stdout, /^Reused/m);
    }
  });
}
