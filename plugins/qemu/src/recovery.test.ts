import { access, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { hasEnded, readProcessStat } from "@polyvisor/sdk/process";
import { EMULATOR, hasEmulator } from "@polyvisor/sdk/testkit";
import test, { type ExecutionContext } from "ava";
import { askMonitor, inAnotherDaemon, makeRig, makeRoot, pidOf, until } from "./testing/harness.js";

const withQemu = (await hasEmulator()) ? test : test.skip;

const guest = (name: string) => `<domain type='qemu'><name>${name}</name><memory>65536</memory>
  <os><type arch='x86_64' machine='q35'>hvm</type></os><devices><emulator>${EMULATOR}</emulator>
  <controller type='usb' model='none'/><serial type='pty'/></devices></domain>`;

/** The running configuration in a guest's status file. */
async function documentOf(root: string, name: string): Promise<string> {
  const text = await readFile(join(root, "run/libvirt/qemu", `${name}.xml`), "utf8");
  return text.slice(text.indexOf("<domain "));
}

const isThere = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );

withQemu("after kill -9 of the daemon, guests are found again with what happened meanwhile", async (t) => {
  const root = await makeRoot(t);
  const daemon = await inAnotherDaemon(
    root,
    `for (const xml of ${JSON.stringify(["same", "paused", "killed", "off"].map(guest))}) await (await connection.define(xml)).create();
     await connection.createXML(${JSON.stringify(guest("transient"))});
     await connection.createXML(${JSON.stringify(guest("gone"))});`,
  );
  await daemon.kill();
  const documents = await Promise.all(["same", "transient"].map((name) => documentOf(root, name)));
  const pids = await Promise.all(["same", "transient"].map((name) => pidOf(root, name)));
  await askMonitor(root, "paused", "stop");
  process.kill(await pidOf(root, "killed"), "SIGKILL");
  process.kill(await pidOf(root, "gone"), "SIGKILL");
  await askMonitor(root, "off", "quit").catch(() => {});

  const { connection, heard, leftovers } = await makeRig(t, root);
  const domains = new Map((await connection.domains()).map((domain) => [domain.name, domain]));
  const states = await Promise.all(
    [...domains].map(async ([name, domain]) => [name, ...Object.values(await domain.state())].join(" ")),
  );
  t.deepEqual(states.sort(), ["killed 5 3", "off 5 3", "paused 3 1", "same 1 1", "transient 1 1"]);
  t.deepEqual(await Promise.all(["same", "transient"].map((name) => pidOf(root, name))), pids);
  t.deepEqual(await Promise.all(["same", "transient"].map((name) => documentOf(root, name))), documents);
  t.is((await connection.domain("same")).id, domains.get("same")?.id ?? 0);
  const ids = new Set([...domains.values()].map((domain) => domain.id));

  const missed = ["gone: STOPPED 5", "killed: STOPPED 5", "off: STOPPED 5", "paused: SUSPENDED 0"];
  t.deepEqual([...heard()].sort(), missed);
  await domains.get("same")?.suspend();
  await domains.get("paused")?.resume();
  t.deepEqual(heard(), ["same: SUSPENDED 0", "paused: RESUMED 0"]);
  const console = await domains.get("same")?.openConsole();
  console?.destroy();
  await domains.get("killed")?.create();
  const { id } = await connection.domain("killed");
  t.false(ids.has(id));
  for (const domain of await connection.domains(1)) await domain.destroy();
  t.deepEqual((await connection.domains()).map((domain) => domain.name).sort(), ["killed", "off", "paused", "same"]);
  t.deepEqual(await leftovers(), []);
});

const RUNNING = "state='running' reason='booted'";

/** A guest `g` runs on, its daemon is dead, and the status that it left has this state. */
async function daemonDiedIn(t: ExecutionContext, root: string, state: string): Promise<void> {
  const start = `await (await connection.define(${JSON.stringify(guest("g"))})).create();`;
  await (await inAnotherDaemon(root, start)).kill();
  const path = join(root, "run/libvirt/qemu/g.xml");
  const status = await readFile(path, "utf8");
  t.regex(status, new RegExp(`<domstatus version='1' since='1' ${RUNNING} pid='\\d+'`));
  await writeFile(path, status.replace(RUNNING, state));
}

withQemu("what a later version has written of a guest is kept by this one, through restarts and changes", async (t) => {
  const root = await makeRoot(t);
  await daemonDiedIn(t, root, RUNNING);
  const path = join(root, "run/libvirt/qemu/g.xml");
  const pid = await pidOf(root, "g");
  const later = (await readFile(path, "utf8"))
    .replace("version='1' since='1'", "version='2' since='1' zone='b&amp;c'")
    .replace("</domstatus>", "  <lease id='7'><holder>us</holder></lease>\n</domstatus>");
  await writeFile(path, later);
  const isKept = async () => {
    const text = await readFile(path, "utf8");
    t.regex(text, /<domstatus version='1' since='1' zone='b&amp;c' state='/);
    t.regex(text, /<lease id=["']7["']>\s*<holder>us<\/holder>\s*<\/lease>/);
    return text;
  };
  await (await inAnotherDaemon(root, 'await (await connection.domain("g")).suspend();')).kill();
  t.regex(await isKept(), /state='paused'/);
  const { connection } = await makeRig(t, root);
  const domain = await connection.domain("g");
  await domain.resume();
  t.regex(await isKept(), /state='running'/);
  t.is(await pidOf(root, "g"), pid);
  await domain.destroy();
});

withQemu("a guest that shut down while no daemon ran is shut off with the reason and the events", async (t) => {
  const root = await makeRoot(t);
  // The state in which the daemon died between the guest's shutdown and the end of the emulator.
  await daemonDiedIn(t, root, "state='shutdown' reason='unknown'");
  process.kill(await pidOf(root, "g"), "SIGTERM");
  const { connection } = await makeRig(t, root);
  await until(async () => (await (await connection.domain("g")).state()).state === 5);
  t.is((await connection.domain("g")).id, -1);
});

withQemu("a guest whose start was interrupted is stopped, and what cannot be read harms nobody else", async (t) => {
  const root = await makeRoot(t);
  await daemonDiedIn(t, root, "state='paused' reason='starting up'");
  await writeFile(join(root, "run/libvirt/qemu/torn.xml"), "<domstatus version='1'");
  await writeFile(join(root, "run/libvirt/qemu/newer.xml"), "<domstatus version='99'/>");
  await writeFile(join(root, "etc/libvirt/qemu/rubbish.xml"), "<domain");
  const ofNobody = [
    "etc/libvirt/qemu/g.xml.7.0.new",
    "run/libvirt/qemu/ghost.pid",
    "var/lib/libvirt/qemu/domain-9-ghost",
  ];
  const ofUnknown = ["run/libvirt/qemu/torn.pid", "var/lib/libvirt/qemu/domain-8-torn"];
  for (const file of [...ofNobody, ...ofUnknown]) await writeFile(join(root, file), "999999999");
  const { connection, complaints } = await makeRig(t, root);
  const domain = await connection.domain("g");
  await until(async () => (await domain.state()).state === 5);
  t.deepEqual(await domain.state(), { state: 5, reason: 8 });
  t.deepEqual(
    (await connection.domains()).map(({ name }) => name),
    ["g"],
  );
  t.is(complaints.filter((line) => line.includes("cannot be")).length, 3);
  t.deepEqual(await Promise.all(ofNobody.map((file) => isThere(join(root, file)))), [false, false, false]);
  t.deepEqual(await Promise.all(ofUnknown.map((file) => isThere(join(root, file)))), [true, true]);
  await domain.create();
  await domain.destroy();
});

withQemu("a guest that cannot be found again is not started beside itself", async (t) => {
  const root = await makeRoot(t);
  await daemonDiedIn(t, root, RUNNING);
  await writeFile(join(root, "run/libvirt/qemu/g.xml"), "<domstatus version='99'/>");
  const pid = await pidOf(root, "g");
  const { connection, leftovers } = await makeRig(t, root);
  const domain = await connection.domain("g");
  await t.throwsAsync(domain.create(), { message: new RegExp(`domain 'g' may still run as process ${pid}$`) });
  t.is(await pidOf(root, "g"), pid);
  process.kill(pid, "SIGKILL");
  await until(async () => hasEnded(readProcessStat(pid)));
  await domain.create();
  t.not(await pidOf(root, "g"), pid);
  await domain.destroy();
  t.deepEqual(await leftovers(), []);
});
