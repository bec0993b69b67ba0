import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { program, testWith } from "./harness/needs.js";
import { type Polyvisord, withPolyvisord } from "./harness/polyvisord.js";
import { until } from "./harness/processes.js";
import { DETACH, Terminal } from "./harness/terminal.js";
import { Virsh } from "./harness/virsh.js";

/** What libvirt's own test driver does not have, seen with virsh. */

const VIRSH = [await program("virsh")];
const behaving = (name: string, behaviour: string) => `<domain type='test'><name>${name}</name><memory>1024</memory>
  <os><type>hvm</type></os>
  <metadata><sim:behaviour xmlns:sim='urn:polyvisor:test:1'>${behaviour}</sim:behaviour></metadata>
  <devices><disk type='file' device='disk'><source file='/disk'/><target dev='vda'/></disk></devices></domain>`;

/** virsh on `test:///default`, and a folder; one connection stays open, so that the node lives as long as the daemon. */
async function withNode(body: (virsh: Virsh, folder: string, daemon: Polyvisord) => Promise<void>): Promise<void> {
  await withPolyvisord(async (daemon) => {
    const folder = await mkdtemp(join(tmpdir(), "extras-"));
    const keeper = new Terminal("virsh", ["-c", daemon.uri("test")]);
    try {
      keeper.type("domid test\n");
      await keeper.expect("1\r\n");
      await body(new Virsh(daemon.uri("test")), folder, daemon);
    } finally {
      await keeper.stop();
      await rm(folder, { recursive: true, force: true });
    }
  });
}

async function fileWith(folder: string, name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

testWith("virsh takes a picture of a screen, and talks to a console", VIRSH, (t) =>
  withNode(async (virsh, folder) => {
    const path = join(folder, "shot.png");
    await virsh.ok("screenshot", "test", path);
    t.is((await readFile(path)).toString("latin1", 1, 4), "PNG");
    const console = new Terminal("virsh", ["-c", virsh.uri, "console", "test"]);
    try {
      await console.expect("Connected to the test guest 'test'.");
      console.type("hello guest\r");
      await console.expect("hello guest");
      console.type(DETACH);
      t.is(await console.ended(), 0);
    } finally {
      await console.stop();
    }
  }),
);

testWith("virsh keeps secrets and network filters", VIRSH, (t) =>
  withNode(async (virsh, folder) => {
    const uuid = "5b5e6a3e-0000-0000-0000-000000000001";
    const usage = "<usage type='ceph'><name>one</name></usage>";
    const secret = await fileWith(folder, "secret.xml", `<secret><uuid>${uuid}</uuid>${usage}</secret>`);
    await virsh.ok("secret-define", secret);
    await virsh.ok("secret-set-value", uuid, "--base64", "c2VzYW1l");
    t.is(await virsh.ok("secret-get-value", uuid), "c2VzYW1l");
    t.regex(await virsh.ok("secret-list"), new RegExp(`${uuid} +ceph one`));
    await virsh.ok("secret-undefine", uuid);
    t.regex(await virsh.fails("secret-dumpxml", uuid), /Secret not found: no secret with matching uuid/);

    const filter = "<filter name='quiet'><rule action='drop' direction='in' priority='500'/></filter>";
    await virsh.ok("nwfilter-define", await fileWith(folder, "filter.xml", filter));
    t.regex(await virsh.ok("nwfilter-list"), /quiet/);
    t.regex(await virsh.ok("nwfilter-dumpxml", "quiet"), /<rule action='drop' direction='in' priority='500'\/>/);
    const binding = `<filterbinding><owner><name>g</name><uuid>${uuid}</uuid></owner><portdev name='card0'/>
      <mac address='52:54:00:00:00:01'/><filterref filter='quiet'/></filterbinding>`;
    await virsh.ok("nwfilter-binding-create", await fileWith(folder, "binding.xml", binding));
    t.regex(await virsh.ok("nwfilter-binding-list"), /card0 +quiet/);
    t.regex(await virsh.fails("nwfilter-undefine", "quiet"), /nwfilter is in use/);
    await virsh.ok("nwfilter-binding-delete", "card0");
    await virsh.ok("nwfilter-undefine", "quiet");
  }),
);

testWith("virsh asks for domain capabilities, and a guest's agent", VIRSH, (t) =>
  withNode(async (virsh) => {
    t.regex(await virsh.ok("domcapabilities"), /<domain>test<\/domain>/);
    t.regex(await virsh.fails("domcapabilities", "--virttype", "kvm"), /invalid argument: unknown virttype: kvm/);
    t.regex(await virsh.ok("guestinfo", "test", "--hostname"), /hostname +: testhost/);
    t.regex(await virsh.ok("guestinfo", "test"), /fs\.count +: 2/);
    await virsh.ok("guestvcpus", "test", "--disable", "--cpulist", "1");
    t.regex(await virsh.ok("guestvcpus", "test"), /online +: 0$/m);
  }),
);

testWith("virsh sees a job's progress, and ends it", VIRSH, (t) =>
  withNode(async (virsh, folder) => {
    await virsh.define(behaving("slow", "<sim:job operation='dump' hangs='yes'/>"));
    await virsh.ok("start", "slow");
    const dumping = virsh.run("dump", "slow", join(folder, "dump"));
    await until("the dump has begun", async () => /Unbounded/.test(await virsh.ok("domjobinfo", "slow")));
    t.regex(await virsh.ok("domjobinfo", "slow"), /Operation: +Dump[\s\S]*Memory total: +1.000 MiB/);
    await virsh.ok("domjobabort", "slow");
    t.regex((await dumping).stderr, /operation aborted: domain core dump job: canceled by client/);
    t.regex(await virsh.ok("domjobinfo", "slow", "--completed"), /Job type: +Cancelled/);
    t.is(await virsh.ok("domstate", "slow"), "running");
  }),
);

testWith("virsh backs a domain up, and moves its disk", VIRSH, (t) =>
  withNode(async (virsh) => {
    await virsh.define(behaving("moved", "<sim:job operation='backup' hangs='yes'/>"));
    await virsh.ok("start", "moved");
    await virsh.ok("backup-begin", "moved");
    t.regex(await virsh.ok("backup-dumpxml", "moved"), /<disk name='vda' backup='yes'/);
    t.regex(await virsh.ok("domjobinfo", "moved"), /Operation: +Backup/);
    await virsh.ok("domjobabort", "moved");
    await until("the backup is over", async () => /None/.test(await virsh.ok("domjobinfo", "moved")));
    t.regex(await virsh.fails("backup-dumpxml", "moved"), /no domain backup job present/);
    t.regex(
      await virsh.ok("blockcopy", "moved", "vda", "/copy", "--transient-job", "--wait", "--pivot"),
      /Successfully pivoted/,
    );
    t.regex(await virsh.ok("domblklist", "moved"), /vda +\/copy/);
    t.regex(await virsh.ok("blockpull", "moved", "vda", "--wait"), /Pull complete/);
  }),
);

testWith("virsh meets the faults that a document switches on", VIRSH, (t) =>
  withNode(async (virsh) => {
    await virsh.define(behaving("broken", "<sim:start fails='no such luck'/>"));
    t.regex(await virsh.fails("start", "broken"), /error: operation failed: no such luck$/);
    t.is(await virsh.ok("domstate", "broken", "--reason"), "shut off (failed)");
    const { stderr } = await virsh.fromXml("define", behaving("x", "<sim:jop operation='save'/>"));
    t.regex(stderr, /XML error: unknown element 'sim:jop' of the test driver's behaviour/);
    const set = ["metadata", "test", "urn:polyvisor:test:1", "--key", "sim", "--set"];
    const late = "<behaviour><event kind='lifecycle' seconds='1'/></behaviour>";
    await virsh.ok(...set, late);
    t.regex(await virsh.fails(...set, "<behaviour><event kind='late'/></behaviour>"), /unknown kind 'late' of 'event'/);
    const listener = new Terminal("virsh", ["-c", virsh.uri]);
    try {
      listener.type("event --event lifecycle --timestamp\n");
      await until("virsh listens", async () => {
        await virsh.ok("suspend", "test");
        await virsh.ok("resume", "test");
        return listener.shown.includes("Suspended Paused");
      });
    } finally {
      await listener.stop();
    }
  }),
);
