import { deepStrictEqual, match, ok } from "node:assert/strict";
import { compare } from "./compare.mjs";
import { document, until } from "./dom0.mjs";

const UUID = (last) => `11111111-2222-3333-4444-5555555555${last}`;
const stateOf = (dom0, name) => dom0.virsh(dom0.ours, "domstate", name);

/** Each part: its name, and what is done; it leaves no domain behind. */
export const PARTS = [
  ["side by side with libvirtd", compare],
  ["lifecycle", lifecycle],
  ["save and managed save", save],
  ["devices", devices],
  ["domains of xl's", others],
  ["console", console_],
  ["migration", migration],
  ["a daemon that is killed", killed],
  ["a daemon in dom0", inside],
];

async function started(dom0, name, uuid, options) {
  await dom0.virsh(dom0.ours, "define", await dom0.file(`${name}.xml`, document(name, uuid, options)));
  await dom0.virsh(dom0.ours, "start", name);
  deepStrictEqual(await stateOf(dom0, name), "running");
  // The guest's kernel has to be there before it can be asked for anything.
  const id = await dom0.virsh(dom0.ours, "domid", name);
  const feature = `xenstore-read /local/domain/${id}/control/feature-suspend 2>/dev/null || true`;
  await until(`${name} is up`, async () => (await dom0.shell(feature)).trim() !== "");
}

async function gone(dom0, name) {
  await dom0.virsh(dom0.ours, "destroy", name);
  await dom0.virsh(dom0.ours, "undefine", name, "--managed-save");
}

async function lifecycle(dom0) {
  const heard = await dom0.watch();
  await started(dom0, "life", UUID("a0"));
  const first = await dom0.virsh(dom0.ours, "domid", "life");
  await dom0.virsh(dom0.ours, "suspend", "life");
  deepStrictEqual(await stateOf(dom0, "life"), "paused");
  await dom0.virsh(dom0.ours, "resume", "life");
  await dom0.virsh(dom0.ours, "setmem", "life", "144M");
  await dom0.virsh(dom0.ours, "setvcpus", "life", "2");
  await dom0.virsh(dom0.ours, "vcpupin", "life", "0", "1");
  await dom0.virsh(dom0.ours, "schedinfo", "life", "--set", "weight=512");
  match(await dom0.shell("xl sched-credit2 -d life"), /512/);
  match(await dom0.shell("xl vcpu-list life"), /1 \/ all/);
  await dom0.virsh(dom0.ours, "reboot", "life", "--mode", "paravirt");
  await until("it has booted anew", async () => {
    const id = await dom0.virsh(dom0.ours, "domid", "life");
    return Number(id) > Number(first);
  });
  await until("it can be asked again", async () => {
    const id = await dom0.virsh(dom0.ours, "domid", "life");
    return (
      (await dom0.shell(`xenstore-read /local/domain/${id}/control/feature-suspend 2>/dev/null || true`)).trim() !== ""
    );
  });
  await dom0.virsh(dom0.ours, "shutdown", "life", "--mode", "paravirt");
  await until("it is off", async () => (await stateOf(dom0, "life")) === "shut off");
  await gone(dom0, "life");
  const told = () =>
    heard.filter((line) => line.includes("'lifecycle' for domain 'life'")).map((line) => line.replace(/.*: /, ""));
  // An event may come after the answer to the call that caused it.
  await until("its end is told", async () => told().includes("Undefined Removed"));
  deepStrictEqual(told(), [
    "Defined Added",
    "Started Booted",
    "Suspended Paused",
    "Resumed Unpaused",
    "Stopped Shutdown",
    "Started Booted",
    "Stopped Shutdown",
    "Undefined Removed",
  ]);
}

async function save(dom0) {
  await started(dom0, "saved", UUID("a1"));
  await dom0.virsh(dom0.ours, "save", "saved", "/guests/saved.save");
  deepStrictEqual(await stateOf(dom0, "saved"), "shut off");
  match(await dom0.virsh(dom0.ours, "save-image-dumpxml", "/guests/saved.save"), /<name>saved<\/name>/);
  await dom0.virsh(dom0.ours, "restore", "/guests/saved.save");
  deepStrictEqual(await stateOf(dom0, "saved"), "running");
  await dom0.virsh(dom0.ours, "managedsave", "saved");
  match(await dom0.virsh(dom0.ours, "list", "--all", "--with-managed-save"), /saved/);
  await dom0.virsh(dom0.ours, "start", "saved");
  deepStrictEqual(await stateOf(dom0, "saved"), "running");
  await dom0.virsh(dom0.ours, "dump", "saved", "/guests/saved.core");
  match(await dom0.shell("ls -s /guests/saved.core"), /^ *[1-9]/);
  await dom0.shell("rm -f /guests/saved.*");
  await gone(dom0, "saved");
}

async function devices(dom0) {
  const disk =
    "<disk type='file' device='disk'><driver name='phy' type='raw'/><source file='/guests/disk2.img'/><target dev='xvdb' bus='xen'/></disk>";
  const card = "<interface type='bridge'><mac address='00:16:3e:00:00:22'/><source bridge='xenbr0'/></interface>";
  await started(dom0, "dev", UUID("a2"));
  await dom0.virsh(dom0.ours, "attach-device", "dev", await dom0.file("disk.xml", disk), "--live", "--config");
  await dom0.virsh(dom0.ours, "attach-device", "dev", await dom0.file("card.xml", card), "--live");
  match(await dom0.shell("xl block-list dev"), /51728/);
  match(await dom0.shell("xl network-list dev"), /00:16:3e:00:00:22/);
  match(await dom0.virsh(dom0.ours, "domblkstat", "dev", "xvdb"), /rd_bytes|rd_req/);
  match(await dom0.virsh(dom0.ours, "domstats", "dev"), /block\.0\.rd\.reqs/);
  await dom0.virsh(dom0.ours, "detach-device", "dev", await dom0.file("disk.xml", disk), "--live", "--config");
  await dom0.virsh(dom0.ours, "detach-device", "dev", await dom0.file("card.xml", card), "--live");
  ok(!/xvdb/.test(await dom0.virsh(dom0.ours, "dumpxml", "dev")));
  await gone(dom0, "dev");
}

async function others(dom0) {
  const heard = await dom0.watch();
  await dom0.shell("xl create /guests/min.cfg >/dev/null");
  await until("it appears", async () => (await stateOf(dom0, "min")) === "running");
  match(await dom0.virsh(dom0.ours, "dumpxml", "min"), /<kernel>\/guests\/vmlinuz<\/kernel>/);
  await dom0.shell("xl destroy min");
  await until("it is gone", async () => /failed to get domain/.test(await stateOf(dom0, "min")));
  ok(heard.some((line) => /'min': Started/.test(line)) && heard.some((line) => /'min': Stopped/.test(line)));
}

async function console_(dom0) {
  await started(dom0, "talk", UUID("a3"));
  const typed = `(sleep 5; printf 'echo a-$((40+2))-b\\r'; sleep 20) | script -qc "virsh -c '${dom0.ours}' console talk --force" /dev/null`;
  const { execFile } = await import("node:child_process");
  const said = await new Promise((resolve) =>
    execFile("sh", ["-c", typed], { timeout: 120_000 }, (_, stdout) => resolve(stdout)),
  );
  match(said, /a-42-b/);
  await gone(dom0, "talk");
}

async function migration(dom0) {
  await started(dom0, "moves", UUID("a4"), { machine: "xenpvh" });
  const before = await dom0.virsh(dom0.ours, "domid", "moves");
  const said = await dom0.virsh(dom0.ours, "migrate", "--live", "moves", dom0.ours);
  deepStrictEqual(said, "");
  ok(Number(await dom0.virsh(dom0.ours, "domid", "moves")) > Number(before));
  deepStrictEqual(await stateOf(dom0, "moves"), "running");
  await gone(dom0, "moves");
}

async function killed(dom0) {
  await started(dom0, "stays", UUID("a5"));
  await dom0.daemon.end("SIGKILL");
  await dom0.shell("xl pause stays");
  await dom0.daemon.start();
  deepStrictEqual(await stateOf(dom0, "stays"), "paused");
  await dom0.virsh(dom0.ours, "resume", "stays");
  await dom0.virsh(dom0.ours, "reboot", "stays", "--mode", "paravirt");
  await gone(dom0, "stays");
}

/** The daemon's own programs go into dom0, where node is. */
async function inside(dom0) {
  if ((await dom0.shell("command -v node || true")).trim() === "") return console.log("# dom0 has no node: left out");
  const { copyProject } = await import("./inside.mjs");
  await copyProject(dom0);
  await dom0.shell("cd /polyvisor && (setsid node daemon/bin/polyvisord.js --root /pv >/pv.log 2>&1 </dev/null &)");
  await until(
    "it listens",
    async () => (await dom0.shell("ls /pv/run/libvirt/libvirt-sock 2>/dev/null || true")) !== "",
  );
  const virsh = (words) =>
    dom0.shell(`virsh -q -c 'xen+unix:///system?socket=/pv/run/libvirt/libvirt-sock' ${words} 2>&1 || true`);
  match(await virsh("list"), /Domain-0/);
  await virsh("create /guests/v1.xml");
  match(await virsh("domstate v1"), /running/);
  await virsh("destroy v1");
  await dom0.shell("kill $(pgrep -f polyvisord.js); rm -rf /pv");
}
