import { deepStrictEqual, match, ok } from "node:assert/strict";
import { execFile } from "node:child_process";
import { compare } from "./compare.mjs";
import { copyProject } from "./copy.mjs";
import { until } from "./dom0.mjs";
import { DrivenFromInside } from "./inside.mjs";
import { kit } from "./kit.mjs";
import { autostart, killed, lifecycle, others } from "./lifecycle.mjs";
import { done, gone, rowOf, started, stateOf, uuid } from "./xl.mjs";

/** Each part: its name, and what is done; it leaves no domain behind. */
export const PARTS = [
  ["side by side with libvirtd", compare],
  ["lifecycle of a PV domain", lifecycle("xenpv")],
  ["lifecycle of a PVH domain", lifecycle("xenpvh")],
  ["autostart", autostart],
  ["save and managed save", save],
  ["devices", devices],
  ["domains of xl's", others],
  ["native configurations", native],
  ["console", console_],
  ["migration", migration],
  ["a daemon that is killed", killed],
  ["a daemon in dom0", inside],
];

/** What takes hours on an emulated machine: done only where somebody asks for it. */
export const LONG_PARTS = [
  ["kit in-process", kit("in-process")],
  ["kit behind a daemon", kit("daemon")],
];

async function save(dom0) {
  const file = "/guests/saved.save";
  await started(dom0, "saved", uuid("a1"));
  await done(dom0, "save", "saved", file);
  deepStrictEqual([await stateOf(dom0, "saved"), await rowOf(dom0, "saved")], ["shut off", undefined]);
  match(await done(dom0, "save-image-dumpxml", file), /<name>saved<\/name>/);
  await done(dom0, "restore", file);
  const { id } = await rowOf(dom0, "saved");
  deepStrictEqual(await done(dom0, "domid", "saved"), String(id));

  await done(dom0, "managedsave", "saved");
  deepStrictEqual(await rowOf(dom0, "saved"), undefined);
  match(await dom0.virsh(dom0.ours, "list", "--all", "--with-managed-save"), /saved/);
  await done(dom0, "start", "saved");
  deepStrictEqual(await stateOf(dom0, "saved"), "running");
  ok((await rowOf(dom0, "saved")).id > id);

  await done(dom0, "dump", "saved", "/guests/saved.core");
  match(await dom0.shell("ls -s /guests/saved.core"), /^ *[1-9]/);
  await done(dom0, "destroy", "saved");
  await dom0.shell(`rm /guests/saved.core; xl restore ${file} >/dev/null 2>&1`);
  await until("what xl restored is seen", async () => (await stateOf(dom0, "saved")) === "running");
  await dom0.shell(`xl save saved ${file} >/dev/null 2>&1`);
  await until("what xl saved is off", async () => (await stateOf(dom0, "saved")) === "shut off");
  await done(dom0, "restore", file);
  ok((await rowOf(dom0, "saved")) !== undefined);
  await dom0.shell(`rm ${file}`);
  await gone(dom0, "saved");
}

async function devices(dom0) {
  const disk =
    "<disk type='file' device='disk'><driver name='phy' type='raw'/><source file='/guests/disk2.img'/><target dev='xvdb' bus='xen'/></disk>";
  const card = "<interface type='bridge'><mac address='00:16:3e:00:00:22'/><source bridge='xenbr0'/></interface>";
  const files = [await dom0.file("disk.xml", disk), await dom0.file("card.xml", card)];
  const inXl = async () => [
    /51728/.test(await dom0.shell("xl block-list dev")),
    /00:16:3e:00:00:22/.test(await dom0.shell("xl network-list dev")),
  ];
  await started(dom0, "dev", uuid("a2"));
  for (const file of files) await done(dom0, "attach-device", "dev", file, "--live", "--config");
  deepStrictEqual(await inXl(), [true, true]);
  match(await done(dom0, "domblkstat", "dev", "xvdb"), /rd_bytes|rd_req/);
  match(await done(dom0, "domstats", "dev"), /block\.0\.rd\.reqs/);
  match(await done(dom0, "domiflist", "dev"), /00:16:3e:00:00:22/);
  for (const file of files) await done(dom0, "detach-device", "dev", file, "--live", "--config");
  deepStrictEqual(await inXl(), [false, false]);
  ok(!/xvdb|00:16:3e/.test(await done(dom0, "dumpxml", "dev")));
  await gone(dom0, "dev");
}

/** What is made of a document is what xl takes; what xl takes can be defined. */
async function native(dom0) {
  const text = await done(
    dom0,
    "domxml-from-native",
    "xen-xl",
    await dom0.file("pv1.cfg", await dom0.shell("cat /guests/min.cfg")),
  );
  await done(dom0, "define", await dom0.file("min.xml", text));
  const config = await done(dom0, "domxml-to-native", "xen-xl", "--domain", "min");
  await done(dom0, "undefine", "min");
  await dom0.shell(`cat >/guests/made.cfg <<'END'\n${config}\nEND\nxl create /guests/made.cfg >/dev/null`);
  await until("xl has taken it", async () => (await stateOf(dom0, "min")) === "running");
  await dom0.shell("xl destroy min; rm /guests/made.cfg");
}

async function console_(dom0) {
  await started(dom0, "talk", uuid("a3"));
  const typed = `(sleep 5; printf 'echo a-$((40+2))-b\\r'; sleep 20) | script -qc "virsh -c '${dom0.ours}' console talk --force" /dev/null`;
  const said = await new Promise((resolve) =>
    execFile("sh", ["-c", typed], { timeout: 120_000 }, (_, stdout) => resolve(stdout)),
  );
  match(said, /a-42-b/);
  await gone(dom0, "talk");
}

async function migration(dom0) {
  const { id } = await started(dom0, "moves", uuid("a4"), { machine: "xenpvh" });
  deepStrictEqual(await dom0.virsh(dom0.ours, "migrate", "--live", "moves", dom0.ours), "");
  const moved = await rowOf(dom0, "moves");
  ok(moved.id > id);
  deepStrictEqual(await done(dom0, "domid", "moves"), String(moved.id));
  deepStrictEqual(await stateOf(dom0, "moves"), "running");
  await gone(dom0, "moves");
}

/** The daemon's own programs go into dom0, where node is, and do there what they did from outside. */
async function inside(outer) {
  if ((await outer.shell("command -v node || true")).trim() === "") return console.log("# dom0 has no node: left out");
  await copyProject(outer);
  const dom0 = await DrivenFromInside.prepare(outer);
  await dom0.daemon.start();
  try {
    match(await dom0.virsh(dom0.ours, "list"), /Domain-0/);
    await others(dom0);
    const before = await dom0.commands();
    for (const words of [["list", "--all"], ["list"], ["domstate", "Domain-0"]]) await done(dom0, ...words);
    // xenstore tells of domains: nobody lists them over and over.
    deepStrictEqual(await dom0.commands(), before);
    await lifecycle("xenpv")(dom0);
    await killed(dom0);
    await autostart(dom0);
    deepStrictEqual(await dom0.daemon.end("TERM"), undefined);
  } finally {
    await dom0.daemon.end("KILL").catch(() => {});
    await dom0.close();
  }
}
