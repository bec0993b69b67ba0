import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Connection, createHost, type HypervisorClient } from "@polyvisor/core";
import { hasLibvirtd, hasVirsh90, type PrivateLibvirtd, startLibvirtd } from "@polyvisor/sdk/testkit";
import test from "ava";

/** The same questions to a real libvirtd, by virsh and by this plugin: the answers must be the same. */
const present = (await hasLibvirtd()) && hasVirsh90();
const real = present ? test : test.skip;
if (!present) test.skip("no libvirtd or no virsh 9.0 is installed, so no answers are compared", () => {});

let daemon: PrivateLibvirtd;
const host = await createHost({ plugins: [fileURLToPath(new URL("..", import.meta.url))] });

test.before(async () => {
  if (present) daemon = await startLibvirtd();
});
test.after.always(async () => {
  await host.close();
  await daemon?.stop();
});

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

async function compare(
  uri: string,
  table: Readonly<Record<string, Ask>>,
  connection: Connection,
): Promise<readonly { command: string; ours: string; virsh: string }[]> {
  const rows: { command: string; ours: string; virsh: string }[] = [];
  for (const [command, ask] of Object.entries(table))
    rows.push({ command, ours: squeezed(await ask(connection.api)), virsh: await virsh(uri, command) });
  return rows;
}

real("the test driver's answers are those that virsh prints", async (t) => {
  const uri = `test+unix:///default?socket=${daemon.socket}`;
  const connection = await host.open(uri);
  t.teardown(() => connection.close());
  for (const { command, ours, virsh: theirs } of await compare(uri, TEST, connection)) t.is(ours, theirs, command);
});

real("the QEMU driver's answers are those that virsh prints", async (t) => {
  const uri = `qemu+unix:///session?socket=${daemon.socket}`;
  const connection = await host.open(uri);
  t.teardown(() => connection.close());
  const domain = await connection.define(QEMU_DOMAIN);
  t.teardown(() => domain.undefine());
  for (const { command, ours, virsh: theirs } of await compare(uri, QEMU, connection)) t.is(ours, theirs, command);
});

real("lists whose length the caller must know are asked for in the daemon's way", async (t) => {
  const connection = await host.open(`test+unix:///default?socket=${daemon.socket}`);
  t.teardown(() => connection.close());
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
