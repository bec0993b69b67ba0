import { writeFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";
import type { ExecutionContext } from "ava";
import test from "ava";
import { addPlugin } from "../testing/plugins.js";
import { configure, hasProgram, polyvisord, rootFolder, runProgram, startPolyvisord } from "../testing/process.js";
import { until } from "../testing/serve.js";

const testVirsh = (await hasProgram("virsh")) ? test : test.skip;

const MODE = process.getuid?.() === 0 ? "system" : "session";

/** Two networks and nothing else; the log tells of each connection. */
const NETWORKS = (prefix: string) => `
const nets = ["open", "hidden"].map((name, i) => ({ name: "${prefix}-" + name, uuid: "00000000-0000-4000-8000-00000000000" + i }));
const found = (fits) => {
  const net = nets.find(fits);
  if (net === undefined) throw new Error("no such network");
  return net;
};
export default { "network.v1": class {
  open({ scheme, path }, { identity, log }) {
    log.info({}, "toy opens " + scheme + "://" + path + " for " + identity.uid);
    return {
      connectListAllNetworks: () => nets,
      networkLookupByName: async ({ name }) => found((net) => net.name === name),
      networkLookupByUUID: ({ uuid }) => found((net) => net.uuid === uuid),
      networkIsActive: () => true,
      networkIsPersistent: () => true,
      networkGetAutostart: () => false,
      networkGetBridgeName: ({ net }) => net.name + "0",
      close() { log.info({}, "toy closes"); },
    };
  }
} };`;

/** A root with two plugins of networks and these settings. */
async function rootWith(t: ExecutionContext, settings: string): Promise<string> {
  const root = await rootFolder(t);
  await addPlugin(root, "toy-a", "network.v1", NETWORKS("a"));
  await addPlugin(root, "toy-b", "network.v1", NETWORKS("b"));
  await configure(root, `log_level = 2\nplugin_folders = [ "${root}/plugins" ]\n${settings}`);
  return root;
}

async function serve(t: ExecutionContext, settings: string, rules?: string) {
  const root = await rootWith(t, settings);
  if (rules !== undefined) await writeFile(join(root, "etc/libvirt/access.rules"), rules);
  const daemon = await startPolyvisord(t, root);
  const virsh = async (uri: string, ...args: string[]) => {
    const [scheme, path] = uri.split(":");
    const { stdout, stderr } = await runProgram(
      "virsh",
      ["-c", `${scheme}+unix:${path}?socket=${daemon.socket}`, ...args],
      { env: { LC_ALL: "C" } },
    );
    return `${stdout}${stderr}`.trim();
  };
  return { daemon, virsh };
}

testVirsh("networks of this host beside QEMU's domains; the test hypervisor keeps its own (needs virsh)", async (t) => {
  const { daemon, virsh } = await serve(t, 'network_driver = "toy-b"\nin_process = [ "toy-b" ]\n');
  t.is(await virsh(`qemu:///${MODE}`, "list", "--all", "--name"), "");
  t.notRegex(daemon.log(), /toy opens/);
  t.is(await virsh(`qemu:///${MODE}`, "net-list", "--all", "--name"), "b-hidden\nb-open");
  t.regex(await virsh(`qemu:///${MODE}`, "net-info", "b-open"), /^Name: +b-open\n(.*\n)*Bridge: +b-open0$/);
  t.is(await virsh("test:///default", "net-list", "--all", "--name"), "default");
  t.regex(
    await virsh(`qemu:///${MODE}`, "pool-list"),
    /not supported by the connection driver: virConnect(ListAll|NumOf)StoragePools/,
  );
  t.is(await virsh(`network:///${MODE}`, "net-list", "--name"), "b-hidden\nb-open");
  const told = () => daemon.log().match(/toy (opens .*?|closes)(?=")/g) ?? [];
  await until(() => told().length >= 6);
  const opened = `toy opens network:///${MODE} for ${process.getuid?.()}`;
  t.deepEqual(told().sort(), [...Array(3).fill("toy closes"), ...Array(3).fill(opened)]);
});

testVirsh(
  "access rules hold for networks of this host, on the object as its driver knows it (needs virsh)",
  async (t) => {
    const rules = `deny * * network_name=*-hidden\nallow user=${userInfo().username} *\n`;
    const { virsh } = await serve(t, 'access_drivers = [ "rules" ]\nisolate = [ "toy-a" ]\n', rules);
    t.is(await virsh(`qemu:///${MODE}`, "net-list", "--all", "--name"), "a-open");
    t.regex(await virsh(`qemu:///${MODE}`, "net-info", "a-open"), /^Name: +a-open$/m);
    t.regex(await virsh(`qemu:///${MODE}`, "net-info", "a-hidden"), /access denied: 'QEMU' denied access/);
  },
);

test("a daemon does not start where a setting names a plugin that provides something else", async (t) => {
  const root = await rootWith(t, 'lock_manager = "toy-a"\nnetwork_driver = "toy-c"\n');
  const { code, stderr } = await polyvisord("--root", root);
  t.is(code, 1);
  t.regex(stderr, /lock_manager: no plugin toy-a provides lock\.v1\nhint: these do: lock-lockd, lock-sanlock/);
  await configure(root, `plugin_folders = [ "${root}/plugins" ]\nnetwork_driver = "toy-c"\n`);
  t.regex(
    (await polyvisord("--root", root)).stderr,
    /network_driver: no plugin toy-c provides network\.v1\nhint: these do: toy-a, toy-b/,
  );
});
