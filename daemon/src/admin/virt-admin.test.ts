import { chmod } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { hasLibvirtd, startLibvirtd } from "@polyvisor/sdk/testkit";
import test from "ava";
import { hasProgram, rootFolder, runProgram, startPolyvisord } from "../testing/process.js";
import { RawClient } from "../testing/raw-client.js";

const [libvirtdIsHere, virtAdminIsHere] = await Promise.all([hasLibvirtd(), hasProgram("virt-admin")]);

const NOBODY = 65534;

/** What one run of virt-admin says and ends with. */
type VirtAdmin = (...args: string[]) => Promise<{ readonly code: number; readonly says: string }>;

/** `as`: the folder of a daemon of `nobody`, who alone may use its socket. */
function virtAdmin(socketFolder: string, as?: string): VirtAdmin {
  const uri = `libvirtd:///system?socket=${socketFolder}/libvirt-admin-sock`;
  const isRoot = process.getuid?.() === 0;
  const user =
    as !== undefined && isRoot
      ? ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups", "env", `HOME=${as}/home`]
      : ["env"];
  return async (...args) => {
    const [program = "", ...rest] = [...user, "LC_ALL=C", "virt-admin", "-c", uri, ...args];
    if (program === "setpriv") rest.splice(rest.indexOf("LC_ALL=C"), 1, "LC_ALL=C", `XDG_CACHE_HOME=${as}/cache`);
    const { code, stdout, stderr } = await runProgram(program, rest);
    return { code, says: `${stdout}${stderr}`.replace(/ +$/gm, "").trim() };
  };
}

/** What both daemons answer alike. `{folder}` is a folder that the daemon may write to. */
const ALIKE: readonly (readonly string[])[] = [
  ["srv-list"],
  ["version"],
  ["srv-clients-list", "nobody"],
  ["client-info", "libvirtd", "99"],
  ["client-disconnect", "libvirtd", "99"],
  ["srv-clients-info", "libvirtd"],
  ["srv-clients-set", "libvirtd", "--max-clients", "10"],
  ["srv-clients-set", "libvirtd", "--max-clients", "100", "--max-unauth-clients", "50"],
  ["srv-clients-info", "libvirtd"],
  ["daemon-log-filters"],
  ["daemon-log-filters", "--filters", "1:qemu 3:util.json"],
  ["daemon-log-filters"],
  ["daemon-log-filters", "--filters", "9:qemu"],
  ["daemon-log-filters", "--filters", "qemu"],
  ["daemon-log-filters", "--filters", ""],
  ["daemon-log-filters"],
  ["daemon-log-outputs", "--outputs", "4:stderr 3:file:{folder}/x.log 2:file:{folder}/x.log"],
  ["daemon-log-outputs"],
  ["daemon-log-outputs", "--outputs", "1:foo"],
  ["daemon-log-outputs", "--outputs", "x"],
  ["daemon-log-outputs", "--outputs", "7:stderr"],
  ["daemon-log-outputs", "--outputs", "1:file"],
  ["daemon-log-outputs", "--outputs", "1:file:/nonexistent/x"],
  ["daemon-log-outputs"],
  ["srv-update-tls", "libvirtd"],
  ["srv-update-tls", "nobody"],
  ["daemon-timeout", "--timeout", "0"],
];

/** libvirtd's order is another one each time. */
function serverNames(table: string): string {
  return [...table.matchAll(/^ *\d+ +(\S+)$/gm)]
    .map(([, name]) => name)
    .sort()
    .join(" ");
}

async function answers(run: VirtAdmin, folder: string): Promise<string[]> {
  const said: string[] = [];
  for (const args of ALIKE) {
    const { code, says } = await run(...args.map((arg) => arg.replaceAll("{folder}", folder)));
    const words = args[0] === "srv-list" ? serverNames(says) : says.replaceAll(folder, "{folder}");
    said.push(`${args.join(" ")} -> ${code}\n${words}`);
  }
  return said;
}

if (virtAdminIsHere && libvirtdIsHere)
  test("virt-admin hears from us what it hears from libvirtd", async (t) => {
    const libvirtd = await startLibvirtd();
    t.teardown(() => libvirtd.stop());
    const root = await rootFolder(t);
    await startPolyvisord(t, root);
    const [theirs, ours] = [`${libvirtd.folder}/run/libvirt`, `${root}/run/libvirt`];
    t.deepEqual(await answers(virtAdmin(ours), ours), await answers(virtAdmin(theirs, libvirtd.folder), theirs));
  });
else test.skip("virt-admin hears from us what it hears from libvirtd: needs virt-admin and libvirtd", () => {});

const check = virtAdminIsHere ? test : test.skip;
const needs = virtAdminIsHere ? "" : " (no virt-admin here)";

check(`virt-admin shows clients, who they are, and ends their connection${needs}`, async (t) => {
  const root = await rootFolder(t);
  const daemon = await startPolyvisord(t, root);
  const run = virtAdmin(`${root}/run/libvirt`);
  const [one, other] = [await RawClient.connect(daemon.socket), await RawClient.connect(`${daemon.socket}-ro`)];
  await one.open("test:///default");
  await other.open("test:///default");
  t.regex((await run("srv-clients-list", "libvirtd")).says, /^ 1 +unix +\d{4}-\d\d-\d\d .*\n 2 +unix +\d{4}-/m);
  const { says } = await run("client-info", "libvirtd", "1");
  t.regex(says, /^id +: 1\nconnection_time: 2.*\ntransport +: unix\nreadonly +: no\n/);
  t.regex(says, new RegExp(`^unix_user_id +: ${process.getuid?.()}$`, "m"));
  t.regex(says, new RegExp(`^unix_process_id: ${process.pid}$`, "m"));
  t.regex((await run("client-info", "libvirtd", "2")).says, /^readonly +: yes$/m);
  t.is((await run("client-disconnect", "libvirtd", "1")).says, "Client '1' disconnected");
  await one.closed;
  t.regex((await run("client-info", "libvirtd", "1")).says, /Client not found: No client with matching ID '1'/);
  t.regex((await run("srv-clients-list", "admin")).says, /^ \d+ +unix /m);
  other.close();
});

check(`limits that virt-admin sets count for the clients that come next${needs}`, async (t) => {
  const root = await rootFolder(t);
  const daemon = await startPolyvisord(t, root);
  const run = virtAdmin(`${root}/run/libvirt`);
  const first = await RawClient.connect(daemon.socket);
  await first.open("test:///default");
  t.is((await run("srv-clients-set", "libvirtd", "--max-clients", "1", "--max-unauth-clients", "1")).code, 0);
  const second = await RawClient.connect(daemon.socket);
  const opened = second.open("test:///default");
  t.is(await Promise.race([opened, delay(300, "waits")]), "waits");
  await run("srv-clients-set", "libvirtd", "--max-clients", "2");
  t.is(await opened, undefined);
  first.close();
  second.close();
});

check(`the figures of the pool are those of calls, and it cannot be set${needs}`, async (t) => {
  const root = await rootFolder(t);
  await startPolyvisord(t, root);
  const run = virtAdmin(`${root}/run/libvirt`);
  t.deepEqual((await run("srv-threadpool-info", "libvirtd")).says.split("\n"), [
    "minWorkers     : 0",
    "maxWorkers     : 25000",
    "nWorkers       : 0",
    "freeWorkers    : 25000",
    "prioWorkers    : 0",
    "jobQueueDepth  : 0",
  ]);
  t.is((await run("srv-threadpool-set", "libvirtd", "--max-workers", "30")).code, 0);
  t.regex((await run("srv-threadpool-info", "libvirtd")).says, /^maxWorkers +: 30$/m);
  for (const [server, key] of [
    ["libvirtd", "--min-workers"],
    ["libvirtd", "--priority-workers"],
    ["admin", "--max-workers"],
  ] as const) {
    const { code, says } = await run("srv-threadpool-set", server, key, "3");
    t.is(code, 1);
    t.true(says.includes(`Operation not supported: server '${server}' has no pool of threads to be set`), says);
  }
});

check(`with a timeout the daemon ends when nobody is there, and not before${needs}`, async (t) => {
  const root = await rootFolder(t);
  const daemon = await startPolyvisord(t, root);
  const client = await RawClient.connect(daemon.socket);
  await client.open("test:///default");
  t.is((await virtAdmin(`${root}/run/libvirt`)("daemon-timeout", "--timeout", "1")).code, 0);
  const ended = new Promise((resolve) => daemon.process.once("exit", resolve));
  t.is(await Promise.race([ended, delay(2500, "serves")]), "serves");
  client.close();
  t.is(await ended, 0);
});

const isRoot = process.getuid?.() === 0;
const checkAsRoot = virtAdminIsHere && isRoot ? test : test.skip;

checkAsRoot("the admin socket is for the daemon's own user alone (needs root and virt-admin)", async (t) => {
  const root = await rootFolder(t);
  const daemon = await startPolyvisord(t, root);
  for (const folder of [root, `${root}/run`, `${root}/run/libvirt`]) await chmod(folder, 0o755);
  await chmod(`${root}/run/libvirt/libvirt-admin-sock`, 0o777);
  const { code, says } = await virtAdmin(`${root}/run/libvirt`, root)("srv-list");
  // It may write to the closed connection before it reads, and then a signal ends it without a word.
  t.not(code, 0);
  t.regex(says, /^$|Failed to connect to the admin server/);
  t.regex(daemon.log(), /"uid":65534.*the admin socket is for the daemon's own user; a client is turned away/);
});
