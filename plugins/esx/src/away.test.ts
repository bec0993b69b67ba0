import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer as createHttps } from "node:https";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createHost, type Host, parseUri, silentLog, type VirtError } from "@polyvisor/core";
import { freePort, TestAuthority } from "@polyvisor/sdk/testkit";
import test, { type ExecutionContext } from "ava";
import { recording } from "./testing/recorded-server.js";
import { startReplay } from "./testing/replay.js";

const PACKAGE = fileURLToPath(new URL("..", import.meta.url));

interface Made {
  readonly folder: string;
  readonly host: Host;
}

/** How long who waits for silence waits, in seconds: who waits for an answer on a busy machine needs some. */
const SILENCE = { timeout: 12 };

/** A host with the plugin. */
async function make(
  t: ExecutionContext,
  values: Record<string, string | number> = {},
  password = "pass",
): Promise<Made> {
  t.timeout(120_000);
  const folder = await mkdtemp(join(tmpdir(), "esx-away-"));
  const auth_file = join(folder, "auth.conf");
  await writeFile(auth_file, `[credentials-a]\npassword=${password}\n[auth-esx-127.0.0.1]\ncredentials=a\n`);
  const settings = { auth_file, freshness: 0, ...values };
  const host = await createHost({ plugins: [PACKAGE], pluginConfiguration: { esx: { values: settings } } });
  t.teardown(async () => {
    await host.close();
    await rm(folder, { recursive: true });
  });
  return { folder, host };
}

const recorded = async () => (await recording("host")).exchanges;

async function listening(t: ExecutionContext, server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.teardown(() => void server.close());
  return (server.address() as AddressInfo).port;
}

const refused = (t: ExecutionContext, opening: Promise<unknown>) =>
  t.throwsAsync<VirtError>(opening, { name: "VirtError" });

test("nobody is there", async (t) => {
  const { host } = await make(t);
  const port = await freePort();
  const error = await refused(t, host.open(`esx://user@127.0.0.1:${port}/`));
  t.is(error?.code, "INTERNAL_ERROR");
  t.regex(error?.message ?? "", /curl_easy_perform\(\) returned an error: Couldn't connect to server \(7\)/);
  t.truthy(error?.hint);
});

test("no password is known, or no user", async (t) => {
  const { host } = await make(t);
  const none = await refused(t, host.open("esx://user@192.0.2.1/"));
  t.like(none, { code: "AUTH_FAILED", detail: "Password request failed" });
  t.regex(none?.hint ?? "", /auth-esx-HOST/);
  t.like(await refused(t, host.open("esx://192.0.2.1/")), { detail: "Username request failed" });
});

test("a client may not choose the file with passwords", async (t) => {
  const { host } = await make(t);
  const identity = { uid: 65_000 };
  const context = { identity, readOnly: false, signal: new AbortController().signal, log: silentLog };
  const uri = parseUri("esx://user@192.0.2.1/?authfile=/etc/shadow");
  t.is((await refused(t, Promise.resolve(host.openDriver(uri, context))))?.code, "OPERATION_DENIED");
});

test("a wrong password", async (t) => {
  const { host } = await make(t, {}, "wrong");
  const [first] = await recorded();
  t.truthy(first);
  if (first === undefined) return;
  const fault =
    '~<soapenv:Fault><faultcode>ServerFaultCode</faultcode><faultstring>Login failure</faultstring><detail><f xmlns:q="i" q:type="InvalidLogin"/></detail></soapenv:Fault>';
  const login =
    '~<Login xmlns="urn:vim25"><_this type="SessionManager">ha-sessionmgr</_this><userName>user</userName><password>wrong</password></Login>';
  const common = { method: "POST", path: "/sdk", type: "text/xml", encoding: "utf8" } as const;
  const replay = await startReplay([first, { ...common, request: login, status: 500, reply: fault }]);
  t.teardown(() => replay.close());
  const error = await refused(t, host.open(`esx://user@127.0.0.1:${replay.port}/?transport=http`));
  t.deepEqual(replay.deviations, []);
  t.is(
    error?.message,
    "internal error: HTTP response code 500 for call to 'Login'. Fault: ServerFaultCode - Login failure",
  );
  t.regex(error?.hint ?? "", /authentication file/);
});

/** A way to a server that carries so many of its answers' pieces, and then nothing, and does not say so. */
async function fallingSilent(t: ExecutionContext, target: number): Promise<{ port: number; silence(): void }> {
  let silent = false;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const onward = connect(target, "127.0.0.1");
    for (const each of [socket, onward]) sockets.add(each.on("error", () => {}));
    socket.on("data", (bytes) => void (silent || onward.write(bytes)));
    onward.on("data", (bytes) => void (silent || socket.write(bytes)));
    socket.on("close", () => onward.destroy());
  });
  t.teardown(() => {
    for (const each of sockets) each.destroy();
  });
  return {
    port: await listening(t, server),
    silence() {
      silent = true;
    },
  };
}

test("a host that stops answering in the middle: calls end with an error, and others are not delayed", async (t) => {
  const { host } = await make(t, SILENCE);
  const exchanges = await recorded();
  const [replay, other] = [await startReplay(exchanges), await startReplay(exchanges)];
  t.teardown(() => {
    replay.close();
    other.close();
  });
  const way = await fallingSilent(t, replay.port);
  const connection = await host.open(`esx://user@127.0.0.1:${way.port}/?transport=http`);
  t.is(await connection.api.connectGetType({}), "ESX");
  way.silence();
  const hanging = refused(t, connection.api.connectGetHostname({}));
  const second = await host.open(`esx://user@127.0.0.1:${other.port}/?transport=http`);
  t.is(await second.api.connectGetType({}), "ESX");
  t.truthy(await second.api.connectGetHostname({}));
  const error = await hanging;
  t.regex(error?.message ?? "", /Timeout was reached \(28\)/);
  t.truthy(error?.hint);
  await connection.close();
  await second.close();
});

test("a host that takes connections and never says a word", async (t) => {
  const { host } = await make(t, { timeout: 1 });
  const port = await listening(
    t,
    createServer((socket) => void socket.on("error", () => {}).resume()),
  );
  const proxies = ["http", "socks5", "socks4"].map((kind) => `?transport=http&proxy=${kind}://127.0.0.1:${port}`);
  const errors = await Promise.all(
    ["", "?transport=http", ...proxies].map((parameters) =>
      refused(t, host.open(`esx://user@127.0.0.1:${port}/${parameters}`)),
    ),
  );
  for (const error of errors) t.regex(error?.message ?? "", /Timeout was reached \(28\)|the proxy does not answer/);
});

test("a host that says something else", async (t) => {
  const { host } = await make(t);
  const port = await listening(
    t,
    createServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"));
    }),
  );
  const error = await refused(t, host.open(`esx://user@127.0.0.1:${port}/?transport=http`));
  t.regex(error?.message ?? "", /esx execute response/);
});

test("a certificate must be good, unless the URI or the settings say otherwise", async (t) => {
  t.timeout(120_000);
  const folder = await mkdtemp(join(tmpdir(), "esx-tls-"));
  t.teardown(() => rm(folder, { recursive: true }));
  const authority = await TestAuthority.create(folder);
  await authority.issue("server", "host", ["IP:127.0.0.1"]);
  const [key, cert] = await Promise.all(
    ["serverkey.pem", "servercert.pem"].map((name) => readFile(join(folder, name))),
  );
  const server = createHttps({ key, cert } as { key: Buffer; cert: Buffer }, (_, response) => {
    response.writeHead(404).end();
  });
  const port = await listening(t, server as unknown as Server);
  const notFound = /HTTP response code 404 for call to 'RetrieveServiceContent'/;
  const distrusting = await make(t);
  const distrusted = await refused(t, distrusting.host.open(`esx://user@127.0.0.1:${port}/`));
  t.regex(distrusted?.message ?? "", /SSL peer certificate or SSH remote key was not OK \(60\)/);
  t.regex(distrusted?.hint ?? "", /ca_file/);
  const anyone = await refused(t, distrusting.host.open(`esx://user@127.0.0.1:${port}/?no_verify=1`));
  t.regex(anyone?.message ?? "", notFound);
  const trusting = await make(t, { ca_file: authority.ca });
  t.regex((await refused(t, trusting.host.open(`esx://user@127.0.0.1:${port}/`)))?.message ?? "", notFound);
});

test("a proxy leads to the server: HTTP and SOCKS", async (t) => {
  const { host } = await make(t);
  const exchanges = await recorded();
  for (const kind of ["http", "socks5", "socks4", "socks4a"]) {
    const replay = await startReplay(exchanges);
    const port = await listening(t, proxyTo(replay.port));
    const uri = `esx://user@127.0.0.1:9/?transport=http&proxy=${kind}://127.0.0.1:${port}`;
    const connection = await host.open(uri);
    t.is(await connection.api.connectGetType({}), "ESX", kind);
    await connection.close();
    replay.close();
  }
});

/** Speaks just as much of each kind as one greeting needs, and leads everybody to one port. */
function proxyTo(target: number): Server {
  return createServer((socket) => {
    socket.on("error", () => {});
    const lead = () => {
      const onward = connect(target, "127.0.0.1").on("error", () => socket.destroy());
      socket.pipe(onward).pipe(socket);
      socket.on("close", () => onward.destroy());
    };
    socket.once("data", (first) => {
      if (first[0] === 5) {
        socket.write(Buffer.from([5, 0]));
        socket.once("data", () => {
          socket.write(Buffer.from([5, 0, 0, 1, 127, 0, 0, 1, 0, 0]));
          lead();
        });
      } else if (first[0] === 4) {
        socket.write(Buffer.from([0, 90, 0, 0, 0, 0, 0, 0]));
        lead();
      } else {
        socket.write("HTTP/1.1 200 OK\r\n\r\n");
        lead();
      }
    });
  });
}
