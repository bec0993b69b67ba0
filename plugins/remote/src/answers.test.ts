import { execFile } from "node:child_process";
import { access, chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Connection, createHost, type HypervisorClient } from "@polyvisor/core";
import {
  findSshd,
  freePort,
  hasLibvirtd,
  hasVirsh90,
  type PrivateLibvirtd,
  type PrivateSshd,
  startLibvirtd,
  startSshd,
  TestAuthority,
} from "@polyvisor/sdk/testkit";
import test, { type ExecutionContext } from "ava";

/** The same questions to a real libvirtd, by virsh and by this plugin on each way to it: the answers must be the same. */
const present = (await hasLibvirtd()) && hasVirsh90();
const real = present ? test : test.skip;
if (!present) test.skip("no libvirtd or no virsh 9.0 is installed, so no answers are compared", () => {});

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );
const sshdBinary = (await exists("/usr/bin/nc")) ? await findSshd() : undefined;
const hasOpenssl = await exists("/usr/bin/openssl");
if (present && sshdBinary === undefined)
  test.skip("no sshd or no nc is installed, so no answers come by ssh", () => {});
if (present && !hasOpenssl) test.skip("no openssl is installed, so no answers come by TLS", () => {});

let [daemon, sshd, folder]: [PrivateLibvirtd?, PrivateSshd?, string?] = [];
const host = await createHost({ plugins: [fileURLToPath(new URL("..", import.meta.url))] });

/** What is put for `+WAY` and `//HOST` of a URI, and behind its path. */
interface Way {
  readonly transport: string;
  readonly server: string;
  readonly more: string;
}

const ways: Way[] = [];
const uriBy = ({ transport, server, more }: Way, scheme: string, path: string) =>
  `${scheme}+${transport}://${server}${path}${more}`;

test.before(async () => {
  if (!present) return;
  const [tcp, tls] = [await freePort(), await freePort()];
  let settings = `listen_tcp = 1\nlisten_addr = "127.0.0.1"\ntcp_port = "${tcp}"\nauth_tcp = "none"\n`;
  if (hasOpenssl) settings += await certificates(tls);
  else settings += "listen_tls = 0\n";
  daemon = await startLibvirtd(settings, { args: ["--listen"] });
  const { socket } = daemon;
  ways.push({ transport: "unix", server: "", more: `?socket=${socket}` });
  ways.push({ transport: "tcp", server: `127.0.0.1:${tcp}`, more: "" });
  if (hasOpenssl) ways.push({ transport: "tls", server: `localhost:${tls}`, more: `?pkipath=${folder}/ca` });
  if (sshdBinary === undefined) return;
  sshd = await startSshd(sshdBinary);
  const { port, command, keyfile } = sshd;
  const more = `?socket=${socket}&command=${command}&keyfile=${keyfile}&no_verify=1&no_tty=1`;
  ways.push({ transport: "ssh", server: `${userInfo().username}@127.0.0.1:${port}`, more });
});
test.after.always(async () => {
  await host.close();
  await sshd?.stop();
  await daemon?.stop();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
});

/** Makes those of the daemon and of its client. Returns the daemon's settings about them. */
async function certificates(port: number): Promise<string> {
  folder = await mkdtemp(join(tmpdir(), "answers-"));
  await chmod(folder, 0o755);
  const authority = await TestAuthority.create(join(folder, "ca"));
  await authority.issue("server", "localhost", ["DNS:localhost"]);
  await authority.issue("client", "someone");
  const files = ["ca_file = cacert", "cert_file = servercert", "key_file = serverkey"];
  const lines = files.map((line) => line.replace(/(\w+)$/, `"${authority.folder}/$1.pem"`));
  return [`listen_tls = 1\ntls_port = "${port}"\nauth_tls = "none"`, ...lines, ""].join("\n");
}

type Ask = (api: HypervisorClient) => Promise<string>;

async function dom(api: HypervisorClient) {
  return api.domainLookupByName({ name: "test" });
}

const lines = (items: readonly (string | number)[]) => items.join("\n");
const names = (items: readonly { readonly name: string }[]) =>
  lines(items.map(({ name }) => name).sort((a, b) => a.localeCompare(b, "en", { sensitivity: "base" })));
/** Without the padding of columns. */
const squeezed = (text: string) => text.trim().replace(/ *: */g, ": ").replace(/ +$/gm, "");

const TEST: Readonly<Record<string, Ask>> = {
  hostname: async (api) => api.connectGetHostname({}),
  capabilities: async (api) => (await api.connectGetCapabilities({})).trim(),
  "list --all --name": async (api) => names(await api.connectListAllDomains({ flags: 0 })),
  "domid test": async (api) => `${(await dom(api)).id}`,
  "domuuid test": async (api) => (await dom(api)).uuid,
  "dumpxml test": async (api) => (await api.domainGetXMLDesc({ dom: await dom(api), flags: 0 })).trim(),
  "memtune test --live": async (api) =>
    lines(
      (await api.domainGetMemoryParameters({ dom: await dom(api), flags: 1 })).map(
        ({ field }) => `${field}: unlimited`,
      ),
    ),
  "net-list --all --name": async (api) => names(await api.connectListAllNetworks({ flags: 0 })),
  "net-dumpxml default": async (api) =>
    (await api.networkGetXMLDesc({ net: await api.networkLookupByName({ name: "default" }), flags: 0 })).trim(),
  "pool-list --all --name": async (api) => names(await api.connectListAllStoragePools({ flags: 0 })),
  "pool-dumpxml default-pool": async (api) =>
    (
      await api.storagePoolGetXMLDesc({
        pool: await api.storagePoolLookupByName({ name: "default-pool" }),
        flags: 0,
      })
    ).trim(),
  "nodedev-dumpxml scsi_host1": async (api) =>
    (await api.nodeDeviceGetXMLDesc({ name: "scsi_host1", flags: 0 })).trim(),
  "iface-dumpxml eth1": async (api) => {
    const iface = await api.interfaceLookupByName({ name: "eth1" });
    return (await api.interfaceGetXMLDesc({ iface, flags: 0 })).trim();
  },
  "snapshot-list test --name": async (api) =>
    names(await api.domainListAllSnapshots({ dom: await dom(api), flags: 0 })),
  "domhostname test": async (api) => api.domainGetHostname({ dom: await dom(api), flags: 0 }),
  "cpu-models x86_64": async (api) => lines(await api.connectGetCPUModelNames({ arch: "x86_64", flags: 0 })),
  nodecpustats: async (api) =>
    lines((await api.nodeGetCPUStats({ cpuNum: -1, flags: 0 })).map(({ field }) => field.replace("kernel", "system"))),
};

const QEMU: Readonly<Record<string, Ask>> = {
  hostname: async (api) => api.connectGetHostname({}),
  capabilities: async (api) => (await api.connectGetCapabilities({})).trim(),
  "list --all --name": async (api) => names(await api.connectListAllDomains({ flags: 0 })),
  "dumpxml test": async (api) => (await api.domainGetXMLDesc({ dom: await dom(api), flags: 0 })).trim(),
  "dumpxml test --inactive": async (api) => (await api.domainGetXMLDesc({ dom: await dom(api), flags: 2 })).trim(),
  "nodedev-list": async (api) => names(await api.connectListAllNodeDevices({ flags: 0 })),
  "domcapabilities --virttype qemu": async (api) =>
    (
      await api.connectGetDomainCapabilities({
        emulatorbin: null,
        arch: null,
        machine: null,
        virttype: "qemu",
        flags: 0,
      })
    ).trim(),
  "nodememstats --cell 0": async (api) =>
    lines((await api.nodeGetMemoryStats({ cellNum: 0, flags: 0 })).map(({ field }) => field)),
};

const QEMU_DOMAIN =
  "<domain type='qemu'><name>test</name><memory>65536</memory><os><type>hvm</type></os><devices><memballoon model='none'/></devices></domain>";

/** What virsh prints, without headings and values that are others at each call. */
async function virsh(uri: string, command: string): Promise<string> {
  const { stdout } = await promisify(execFile)("virsh", ["-q", "-c", uri, ...command.split(" ")], {
    env: { ...process.env, LC_ALL: "C" },
  });
  const text = squeezed(stdout);
  return /^node(cpu|mem)stats/.test(command) ? text.replace(/:.*$/gm, "") : text;
}

/** Asks everything by each way, beside virsh. */
async function compare(
  t: ExecutionContext,
  table: Readonly<Record<string, Ask>>,
  uriOf: (way: Way) => string,
): Promise<void> {
  const [unix] = ways as [Way];
  const connections = await Promise.all(ways.map((way) => opened(t, uriOf(way))));
  t.log(`by ${ways.map(({ transport }) => transport).join(", ")}`);
  for (const [command, ask] of Object.entries(table)) {
    const printed = await virsh(uriOf(unix), command);
    for (const [at, { api }] of connections.entries())
      t.is(squeezed(await ask(api)), printed, `${command} by ${ways[at]?.transport}`);
  }
}

async function opened(t: ExecutionContext, uri: string): Promise<Connection> {
  const connection = await host.open(uri);
  t.teardown(() => connection.close());
  return connection;
}

real("the test driver's answers are those that virsh prints, by every way", async (t) => {
  await compare(t, TEST, (way) => uriBy(way, "test", "/default"));
});

real("the QEMU driver's answers are those that virsh prints, by every way", async (t) => {
  const uriOf = (way: Way) => uriBy(way, "qemu", "/session");
  const domain = await (await opened(t, uriOf(ways[0] as Way))).define(QEMU_DOMAIN);
  t.teardown(() => domain.undefine());
  await compare(t, QEMU, uriOf);
});

real("lists whose length the caller must know are asked for in the daemon's way", async (t) => {
  const connection = await opened(t, uriBy(ways[0] as Way, "test", "/default"));
  const domain = await dom(connection.api);
  t.true((await connection.api.domainMemoryStats({ dom: domain, flags: 0 })).length > 5);
  t.deepEqual(await connection.api.domainGetSchedulerParameters({ dom: domain, nparams: 1 }), [
    { field: "weight", type: "uint", value: 50 },
  ]);
  t.deepEqual(await connection.api.connectListNetworks({}), ["default"]);
  t.is(
    (await connection.api.domainGetBlockIoTune({ dom: domain, disk: "vda", flags: 0 }))[0]?.field,
    "total_bytes_sec",
  );
});
