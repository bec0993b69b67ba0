import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { DOMAIN_EVENT_KINDS, type DomainEvent, rootPaths, silentLog } from "@polyvisor/core";
import { type Domain as DomainConfig, parseDomain } from "@polyvisor/sdk/conf/domain";
import { type DomainStatus, panicked, paused, pmSuspended, running, shuttingDown } from "@polyvisor/sdk/lifecycle";
import test from "ava";
import type { JsonObject } from "./capabilities/json.js";
import { QemuDomain } from "./domain.js";
import { handleQmpEvent } from "./events.js";
import { Guest } from "./guest.js";
import { Hypervisor } from "./hypervisor.js";

// Most of these events need a guest that misbehaves in its own way, so they are made up here; the words are QEMU's.

let root = "";
test.before(async () => {
  root = await mkdtemp(join(tmpdir(), "polyvisor-events-"));
});
test.after.always(() => rm(root, { recursive: true }));

const UUID = "6b9cbbd3-8f1e-4a0e-8f21-2b1c9d0a7a11";

function configOf(rest = ""): DomainConfig {
  return parseDomain(
    `<domain type='qemu' id='1'><name>g</name><uuid>${UUID}</uuid><memory>65536</memory><os><type>hvm</type></os>${rest}
    <devices>
    <disk type='file' device='disk'><source file='/images/a' index='2'/><target dev='vda' bus='virtio'/><alias name='virtio-disk0'/></disk>
    <disk type='file' device='cdrom'><source file='/images/cd'/><target dev='sda' bus='sata'/><alias name='sata0-0-0'/></disk>
    <channel type='unix'><source mode='bind' path='/c'/><target type='virtio' name='org.qemu.guest_agent.0'/><alias name='channel0'/></channel>
    <watchdog model='i6300esb' action='pause'><alias name='watchdog0'/></watchdog>
    </devices></domain>`,
    { inactive: false },
  );
}

/** A guest that runs, but for its emulator, and what its domain tells. */
function makeGuest(rest = "") {
  const hypervisor = new Hypervisor({ mode: "system", paths: rootPaths(root) }, silentLog);
  const domain = new QemuDomain("g", UUID, true);
  hypervisor.domains.add(domain);
  const guest = new Guest(domain.jobs, 1, configOf(rest), undefined, { folder: "/f", channelFolder: "/c" });
  hypervisor.attachGuest(domain, guest, running("BOOTED"));
  const told: string[] = [];
  for (const kind of DOMAIN_EVENT_KINDS)
    hypervisor.events.subscribe(kind, undefined, (event) => told.push(words(event)));
  const say = (name: string, data: JsonObject = {}, line = "{}") =>
    handleQmpEvent(hypervisor, domain, guest, { name, data, line });
  return { hypervisor, domain, guest, told, say };
}

function words({ kind, dom, ...rest }: DomainEvent): string {
  return [
    kind,
    ...Object.values(rest).map((value) => (typeof value === "object" ? JSON.stringify(value) : value)),
  ].join(" ");
}

const io = { device: "", "node-name": "libvirt-2-format" };

const rows: [what: string, name: string, data: JsonObject, told: string[], status: DomainStatus][] = [
  ["stop without a reason", "STOP", {}, ["lifecycle 3 0"], paused("UNKNOWN")],
  ["resume while running", "RESUME", {}, [], running("BOOTED")],
  ["reset", "RESET", { guest: true }, ["reboot"], running("BOOTED")],
  ["shutdown by the guest", "SHUTDOWN", { guest: true }, ["lifecycle 6 1"], shuttingDown],
  ["shutdown by the host", "SHUTDOWN", { guest: false }, ["lifecycle 6 2"], shuttingDown],
  ["shutdown by an old emulator", "SHUTDOWN", {}, ["lifecycle 6 0"], shuttingDown],
  ["suspend to memory", "SUSPEND", {}, ["pmSuspend 0", "lifecycle 7 0"], pmSuspended],
  ["suspend to disk", "SUSPEND_DISK", {}, ["pmSuspendDisk 0", "lifecycle 7 1"], pmSuspended],
  ["wake-up while awake", "WAKEUP", {}, ["pmWakeup 0"], running("BOOTED")],
  ["watchdog that pauses", "WATCHDOG", { action: "pause" }, ["watchdog 1", "lifecycle 3 3"], paused("WATCHDOG")],
  ["watchdog that resets", "WATCHDOG", { action: "reset" }, ["watchdog 2"], running("BOOTED")],
  ["clock", "RTC_CHANGE", { offset: 60 }, ["rtcChange 60"], running("BOOTED")],
  ["balloon", "BALLOON_CHANGE", { actual: 33554432 }, ["balloonChange 32768"], running("BOOTED")],
  [
    "tray",
    "DEVICE_TRAY_MOVED",
    { id: "sata0-0-0", device: "", "tray-open": true },
    ["trayChange sata0-0-0 0"],
    running("BOOTED"),
  ],
  [
    "error that stops",
    "BLOCK_IO_ERROR",
    { ...io, action: "stop", nospace: true },
    ["ioError /images/a virtio-disk0 1", "ioErrorReason /images/a virtio-disk0 1 enospc", "lifecycle 3 2"],
    paused("IOERROR"),
  ],
  [
    "error of an unknown disk",
    "BLOCK_IO_ERROR",
    { device: "nobody", action: "report" },
    ["ioError   2", "ioErrorReason   2 "],
    running("BOOTED"),
  ],
  [
    "device that the guest let go",
    "DEVICE_DELETED",
    { device: "watchdog0", path: "/x" },
    ["deviceRemoved watchdog0"],
    running("BOOTED"),
  ],
  ["device that nobody knows", "DEVICE_DELETED", { path: "/x" }, [], running("BOOTED")],
  [
    "refused unplug",
    "DEVICE_UNPLUG_GUEST_ERROR",
    { device: "watchdog0" },
    ["deviceRemovalFailed watchdog0"],
    running("BOOTED"),
  ],
  ["agent", "VSERPORT_CHANGE", { id: "channel0", open: true }, ["agentLifecycle 1 2"], running("BOOTED")],
  [
    "memory failure",
    "MEMORY_FAILURE",
    { recipient: "guest", action: "inject", flags: { "action-required": true, recursive: true } },
    ["memoryFailure 1 1 3"],
    running("BOOTED"),
  ],
  [
    "display client",
    "VNC_CONNECTED",
    {
      server: { auth: "none", family: "ipv4", service: "5900", host: "0.0.0.0" },
      client: { family: "ipv6", service: "1", host: "::1" },
    },
    ['graphics 0 {"family":0,"node":"0.0.0.0","service":"5900"} {"family":1,"node":"::1","service":"1"} none []'],
    running("BOOTED"),
  ],
  ["crash kernel", "GUEST_CRASHLOADED", { action: "run" }, ["lifecycle 8 1"], running("BOOTED")],
  ["unknown event", "SOMETHING_NEW", { x: 1 }, [], running("BOOTED")],
  ["event without its data", "BALLOON_CHANGE", {}, ["balloonChange 0"], running("BOOTED")],
];

for (const [what, name, data, expected, status] of rows) {
  test(`made up: ${what}`, async (t) => {
    const { domain, told, say } = makeGuest();
    say(name, data);
    // What a device had is taken back before it is told to be gone.
    while (told.length < expected.length) await delay(1);
    t.deepEqual(told, expected);
    t.deepEqual(domain.status, status);
  });
}

test("made up: an asked-for stop and resume have the reasons of whoever asked, and a repeated shutdown is told once", (t) => {
  const { domain, guest, told, say } = makeGuest();
  guest.nextStop = "suspend";
  say("STOP");
  t.deepEqual(domain.status, paused("USER"));
  guest.nextRun = "resume";
  say("RESUME");
  t.deepEqual(domain.status, running("UNPAUSED"));
  say("STOP");
  t.deepEqual(domain.status, paused("UNKNOWN"));
  say("SHUTDOWN", { guest: true });
  say("SHUTDOWN", { guest: false });
  say("STOP");
  t.deepEqual(told, ["lifecycle 3 0", "lifecycle 4 0", "lifecycle 3 0", "lifecycle 6 1"]);
});

test("made up: a shutdown that becomes a reboot is not shown", (t) => {
  const { domain, guest, told, say } = makeGuest();
  guest.fakeReboot = true;
  say("SHUTDOWN", { guest: true });
  say("STOP");
  t.deepEqual(told, []);
  t.deepEqual(domain.status, running("BOOTED"));
  say("RESET", { guest: false });
  t.deepEqual(told, ["reboot"]);
  t.false(guest.fakeReboot);
});

test("made up: a panic that is to be preserved leaves the guest as it is", (t) => {
  const { domain, told, say } = makeGuest("<on_crash>preserve</on_crash>");
  say("GUEST_PANICKED", { action: "pause" });
  say("STOP");
  t.deepEqual(told, ["lifecycle 8 0"]);
  t.deepEqual(domain.status, panicked);
});

test("made up: resets while a guest starts are not told, and events of a guest that is gone neither", (t) => {
  const { domain, told, say } = makeGuest();
  domain.status = paused("STARTING_UP");
  say("RESET");
  domain.guest = undefined;
  say("STOP");
  t.deepEqual(told, []);
});

test("made up: devices change with the events", async (t) => {
  const { guest, say } = makeGuest("<clock offset='variable' adjustment='100' basis='utc'/>");
  say("DEVICE_DELETED", { device: "watchdog0" });
  say("VSERPORT_CHANGE", { id: "channel0", open: true });
  say("DEVICE_TRAY_MOVED", { id: "sata0-0-0", "tray-open": true });
  say("RTC_CHANGE", { offset: 10 });
  say("RTC_CHANGE", { offset: 20 });
  while (guest.config.devices.watchdog !== undefined) await delay(1);
  const { devices, clock } = guest.config;
  t.is(devices.watchdog, undefined);
  t.like(devices.channels[0]?.target, { state: "connected" });
  t.is(devices.disks.find((disk) => disk.device === "cdrom")?.target.tray, "open");
  t.like(clock, { adjustment: 120, adjustment0: 100 });
});

test("made up: what the monitor says is told as it was said, and a time that is none is not told", (t) => {
  const { hypervisor, say } = makeGuest();
  const heard: unknown[][] = [];
  hypervisor.monitorEvents.subscribe({ flags: 0 }, ({ dom, event, seconds, micros, details }) =>
    heard.push([dom.name, event, seconds, micros, details]),
  );
  const time = '"timestamp": {"seconds": 1700000000, "microseconds": 7}';
  say("X", {}, `{"event": "X", "data": {"size": 18446744073709551615, "a": [1, "b c"]}, ${time}}`);
  for (const rest of ["", ', "timestamp": 1', ', "timestamp": {"seconds": "x", "microseconds": -1}'])
    say("Y", {}, `{"event": "Y"${rest}}`);
  t.deepEqual(heard, [
    ["g", "X", 1700000000, 7, '{"size":18446744073709551615,"a":[1,"b c"]}'],
    ...Array.from({ length: 3 }, () => ["g", "Y", -1, 0, null]),
  ]);
});
