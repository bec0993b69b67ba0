import { hypervisorKit, judge } from "@polyvisor/sdk/conformance";
import test, { type ExecutionContext } from "ava";
import { EventRecorder } from "./harness/event-recorder.js";
import { program, testWith } from "./harness/needs.js";
import { until } from "./harness/processes.js";
import { behindRecordedBhyve, bhyveDocument, RECORDED_BHYVE_PROFILE, RecordedBhyve } from "./harness/recorded-bhyve.js";
import { Virsh } from "./harness/virsh.js";
import { withFiles } from "./harness/with-peer.js";

const VIRSH = [await program("virsh"), await program("stdbuf")];
const MINUTES = 10 * 60_000;

const named = (name: string, devices = "") =>
  bhyveDocument(devices).replaceAll("{name}", name).replace("{uuid}", "5f7d1f4e-0c9a-4a6b-9d43-00000000000a");

/** All cases run in the plugin's own test; `npm run conformance -- bhyve` runs them all here, too, which takes a while. */
const GROUPS = { "in the daemon": ["lifecycle"], isolated: ["connection", "streams"] };
const RESTARTS = [
  "restarts: a guest runs on, with its id, state and document",
  "restarts: the driver is killed in the middle of domainCreate",
];

for (const place of ["in the daemon", "isolated"] as const) {
  test.serial(`the driver of bhyve conforms on a recording host, ${place}`, async (t) => {
    t.timeout(MINUTES);
    const subject = await behindRecordedBhyve(place);
    try {
      const only = ({ group, name }: { group: string; name: string }) =>
        GROUPS[place].includes(group) || RESTARTS.includes(name);
      const report = await judge(hypervisorKit, subject, { profile: RECORDED_BHYVE_PROFILE, only });
      const named = (outcome: string) => report.results.filter((each) => each.outcome === outcome);
      t.deepEqual(
        named("failed").map(({ name, says }) => `${name}: ${says}`),
        [],
      );
      t.is(named("passed").filter(({ name }) => RESTARTS.includes(name)).length, RESTARTS.length);
    } finally {
      await subject.close();
    }
  });
}

const GUEST = named("lighthouse", "<serial type='nmdm'/>");

/** What virsh asks of the driver beside the life of domains, and what it must print. */
const ASKED: readonly (readonly [command: string, prints: RegExp])[] = [
  ["version", /Running hypervisor: BHYVE 13\.2\.0/],
  ["capabilities", /<domain type='bhyve'\/>/],
  ["domcapabilities", /<path>\/usr\/sbin\/bhyve<\/path>/],
  [
    "domcapabilities --virttype bhyve --arch x86_64",
    /<value>\/usr\/local\/share\/uefi-firmware\/BHYVE_UEFI.fd<\/value>/,
  ],
  ["maxvcpus", /^16$/],
  ["nodeinfo", /CPU\(s\): +4\n/],
  ["nodecpumap", /CPUs online: +4\n/],
  ["nodecpustats", /user: +2\n/],
  ["nodecpustats --cpu 1", /intr: +4/],
  ["nodememstats", /free *: +1024 KiB/],
  ["freecell", /Total: 1024 KiB/],
  ["sysinfo", /<entry name='manufacturer'>Nobody<\/entry>/],
  ["hostname", /./],
  ["list --all", /lighthouse +shut off/],
  ["list --all --autostart --persistent --inactive", /lighthouse/],
  ["domstate lighthouse", /^shut off$/],
  ["dominfo lighthouse", /Autostart: +enable/],
  ["metadata lighthouse urn:lamp", /<lit when="dark"\/>/],
  ["desc lighthouse", /^on the cliff$/],
];

testWith("virsh drives guests of bhyve on a recording host, over a restart of the daemon", VIRSH, async (t) => {
  t.timeout(MINUTES);
  const recorded = await RecordedBhyve.start();
  try {
    const virsh = new Virsh(recorded.uri);
    const events = await EventRecorder.start(virsh, "bhyve");
    t.teardown(() => events.stop());
    t.is((await virsh.fromXml("define", GUEST, "--validate")).code, 0);
    await virsh.ok("autostart", "lighthouse");
    await virsh.ok("metadata", "lighthouse", "urn:lamp", "--key", "lamp", "--set", "<lit when='dark'/>");
    await virsh.ok("desc", "lighthouse", "on the cliff");
    for (const [command, prints] of ASKED) t.regex(await virsh.ok(...command.split(" ")), prints, command);
    await nativeWords(t, virsh);

    await virsh.ok("start", "lighthouse");
    const id = await virsh.ok("domid", "lighthouse");
    t.regex(await virsh.ok("dumpxml", "lighthouse"), /<target dev='vnet0'\/>/);
    t.is(await virsh.fails("start", "lighthouse"), "error: Domain is already active");
    await until("the start is told", () => events.of("lifecycle").includes("lighthouse: Started Booted"));
    await recorded.again("SIGKILL");
    t.is(await virsh.ok("domid", "lighthouse"), id);
    t.is(await virsh.ok("domname", id), "lighthouse");
    const later = await EventRecorder.start(virsh, "bhyve");
    t.teardown(() => later.stop());
    await virsh.ok("reboot", "lighthouse");
    await until("the guest has rebooted", () => later.of("reboot").length > 0);
    await virsh.ok("shutdown", "lighthouse");
    await until("the guest is off", async () => (await virsh.ok("domstate", "lighthouse")) === "shut off");
    await virsh.ok("start", "lighthouse");
    await virsh.ok("destroy", "lighthouse");
    t.is((await virsh.run("undefine", "lighthouse")).code, 0);
  } finally {
    await recorded.dispose();
  }
});

/** Documents become commands, and commands documents; errors are libvirt's. */
async function nativeWords(t: ExecutionContext, virsh: Virsh): Promise<void> {
  const commands = await virsh.ok("domxml-to-native", "bhyve-argv", "--domain", "lighthouse");
  t.regex(
    commands,
    /^\/usr\/sbin\/bhyveload -m 64 -d \/guests\/lighthouse.img lighthouse\n\/usr\/sbin\/bhyve -c 1 -m 64 /,
  );
  await withFiles({ commands }, async ({ commands }) => {
    t.regex(await virsh.ok("domxml-from-native", "bhyve-argv", commands ?? ""), /<name>lighthouse<\/name>/);
    t.regex(await virsh.fails("domxml-from-native", "xl", commands ?? ""), /unsupported config type xl/);
  });
  const cpu = "<cpu><arch>x86_64</arch><model>Penryn</model><topology sockets='1' cores='2' threads='1'/></cpu>";
  await withFiles({ cpu }, async ({ cpu }) => {
    t.regex(await virsh.ok("cpu-baseline", cpu ?? ""), /<model[^>]*>Penryn<\/model>/);
  });
}
