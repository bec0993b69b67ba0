// Writes docs/support-matrix.md and .json: which calls of each plugin the tests saw answered, and which it declares.
// What the last `npm test` saw is in .cache/calls. `--check` proves the files fresh by it instead.
// Opens one connection of each plugin in a folder of its own, so the hypervisors' own programs must be installed.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHost, ownConnections, parseUri, rootPaths, silentLog } from "@polyvisor/core";
import { makeRecordedPlugin } from "../plugins/bhyve/dist/testing/recorded-plugin.js";
import { startRecordedServer } from "../plugins/esx/dist/testing/recorded-server.js";
import { startStandIn as startHyperv } from "../plugins/hyperv/dist/testing/stand-in/index.js";
import { serveStandIn as serveVBoxManage } from "../plugins/vbox/dist/testing/stand-in/serve.js";
import { startStandIn } from "../plugins/xen/dist/testing/stand-in.js";
import { documentsOf, judge, newlySeen } from "./lib/matrix.mjs";
import { declaredBy, declaredByForwarding } from "./lib/public-calls.mjs";
import { readRecord } from "./lib/record.mjs";

const MODE = process.getuid() === 0 ? "system" : "session";
/** What this host is not has stand-ins, which the plugins' tests have, too. */
const CONNECTIONS = {
  test: "test:///default",
  qemu: `qemu:///${MODE}`,
  lxc: `lxc:///${MODE}`,
  bhyve: `bhyve:///${MODE}`,
  xen: "xen:///system",
  vbox: `vbox:///${MODE}`,
};

const project = new URL("..", import.meta.url).pathname;
const read = (path) => readFile(join(project, path), "utf8").catch(() => "");

/** What each plugin declares. The client of other daemons forwards every call of the table. */
async function declarations() {
  const root = await mkdtemp(join(tmpdir(), "polyvisor-matrix-"));
  const plugins = [await makeRecordedPlugin(root)];
  const dom0 = await startStandIn(join(root, "dom0"));
  const vsphere = await startRecordedServer("host", root);
  const virtualbox = await serveVBoxManage(root);
  const hyperv = await startHyperv({ user: "user", password: "pass" });
  const auth_file = join(root, "hyperv.conf");
  await writeFile(auth_file, "[credentials-a]\npassword=pass\n[auth-hyperv-127.0.0.1]\ncredentials=a\n");
  const pluginConfiguration = {
    xen: { values: dom0.settings },
    esx: { values: vsphere.settings },
    vbox: { values: { vboxmanage: virtualbox.program } },
    hyperv: { values: { auth_file } },
  };
  const hypervUri = `hyperv://user@127.0.0.1:${hyperv.port}/?transport=http`;
  const host = await createHost({
    plugins,
    pluginConfiguration,
    dependenciesOf: join(project, "daemon"),
    paths: rootPaths(root),
  });
  const declared = {};
  try {
    for (const [plugin, uri] of Object.entries({ ...CONNECTIONS, esx: vsphere.uri, hyperv: hypervUri })) {
      const context = { identity: {}, readOnly: false, signal: new AbortController().signal, log: silentLog };
      const driver = await host.openDriver(parseUri(uri), context);
      // Not what the sub-drivers of this host answer beside it.
      declared[plugin] = declaredBy(ownConnections(driver)[0]);
      await driver.close();
    }
  } finally {
    await host.close();
    vsphere.close();
    virtualbox.close();
    hyperv.close();
    await dom0.close();
    await rm(root, { recursive: true, force: true });
  }
  return { ...declared, remote: declaredByForwarding() };
}

/** What the committed list has of each plugin that there is. */
async function listed(declared) {
  const lists = JSON.parse((await read("docs/support-matrix.json")) || "{}");
  return Object.fromEntries(Object.keys(declared).map((plugin) => [plugin, lists[plugin] ?? []]));
}

const declared = await declarations();
const known = await listed(declared);
const record = await readRecord(project);
if (process.argv.includes("--check")) await check();
else {
  const documents = documentsOf(declared, newlySeen(record, declared, known));
  for (const [path, text] of Object.entries(documents)) await writeFile(join(project, path), text);
}

async function check() {
  const { faults, notes } = judge(record, declared, known);
  for (const [path, text] of Object.entries(documentsOf(declared, known)))
    if ((await read(path)) !== text) faults.push(`${path} is stale`);
  for (const note of notes) console.log(note);
  for (const fault of faults) console.error(fault);
  if (faults.length === 0) return;
  console.error("npm run matrix writes the support matrix anew");
  process.exitCode = 1;
}
