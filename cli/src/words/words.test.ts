import { DOMAIN_EVENT_KINDS, type DomainEvent } from "@polyvisor/core";
import test from "ava";
import { describeEvent, eventName } from "./events.js";
import { toJson } from "./json.js";
import { formatTable } from "./table.js";

const dom = { name: "g", uuid: "00000000-0000-0000-0000-000000000001", id: 1 };
const end = (node: string) => ({ family: 0, node, service: "5900" });
const job = [{ field: "operation", type: "int", value: 1 }] as const;

/** One of each kind, and the words behind `event 'KIND' for domain 'g'`. */
const EVENTS: readonly (readonly [event: DomainEvent, words: string])[] = [
  [{ kind: "lifecycle", dom, event: 2, detail: 0 }, "lifecycle': Started Booted"],
  [{ kind: "lifecycle", dom, event: 6, detail: 1 }, "lifecycle': Shutdown Finished after guest request"],
  [{ kind: "lifecycle", dom, event: 99, detail: 1 }, "lifecycle': unknown (99) unknown (1)"],
  [{ kind: "reboot", dom }, "reboot'"],
  [{ kind: "rtcChange", dom, offset: -3600n }, "rtc-change': -3600"],
  [{ kind: "watchdog", dom, action: 2 }, "watchdog': reset"],
  [{ kind: "ioError", dom, srcPath: "/d", devAlias: "vda", action: 1 }, "io-error': /d (vda) pause"],
  [
    {
      kind: "graphics",
      dom,
      phase: 0,
      local: end("::1"),
      remote: end("10.0.0.1"),
      authScheme: "vnc",
      subject: [{ type: "user", name: "u" }],
    },
    "graphics': connect local: IPv4 (::1, 5900) remote: IPv4 (10.0.0.1, 5900) auth: vnc\n\tuser=u",
  ],
  [
    { kind: "ioErrorReason", dom, srcPath: "/d", devAlias: "vda", action: 2, reason: "enospc" },
    "io-error-reason': /d (vda) report due to enospc",
  ],
  [{ kind: "controlError", dom }, "control-error'"],
  [{ kind: "blockJob", dom, path: "/d", type: 2, status: 3 }, "block-job': Block Copy for /d ready"],
  [
    { kind: "diskChange", dom, oldSrcPath: "/a", newSrcPath: null, devAlias: "cd", reason: 1 },
    "disk-change': disk cd /a -> -: dropped",
  ],
  [{ kind: "trayChange", dom, devAlias: "cd", reason: 0 }, "tray-change': disk cd: opened"],
  [{ kind: "pmWakeup", dom, reason: 0 }, "pm-wakeup'"],
  [{ kind: "pmSuspend", dom, reason: 0 }, "pm-suspend'"],
  [{ kind: "balloonChange", dom, actual: 1024n }, "balloon-change': 1024KiB"],
  [{ kind: "pmSuspendDisk", dom, reason: 0 }, "pm-suspend-disk'"],
  [{ kind: "deviceRemoved", dom, devAlias: "net0" }, "device-removed': net0"],
  [{ kind: "blockJob2", dom, dst: "vda", type: 4, status: 0 }, "block-job-2': Active Block Commit for vda completed"],
  [{ kind: "tunable", dom, params: job }, "tunable':\n\toperation: 1"],
  [
    { kind: "agentLifecycle", dom, state: 1, reason: 2 },
    "agent-lifecycle': state: 'connected' reason: 'channel event'",
  ],
  [{ kind: "deviceAdded", dom, devAlias: "net0" }, "device-added': net0"],
  [{ kind: "migrationIteration", dom, iteration: 3 }, "migration-iteration': iteration: '3'"],
  [{ kind: "jobCompleted", dom, params: job }, "job-completed':\n\toperation: 1"],
  [{ kind: "deviceRemovalFailed", dom, devAlias: "net0" }, "device-removal-failed': net0"],
  [{ kind: "metadataChange", dom, type: 2, nsuri: "urn:x" }, "metadata-change': type element, uri urn:x"],
  [
    { kind: "blockThreshold", dom, dev: "vda", path: null, threshold: 10n, excess: 2n },
    "block-threshold': dev: vda(-) 10 2",
  ],
  [
    { kind: "memoryFailure", dom, recipient: 1, action: 2, flags: 1 },
    "memory-failure': recipient: guest, action: fatal, flags: 1",
  ],
  [
    { kind: "memoryDeviceSizeChange", dom, alias: "mem0", size: 64n },
    "memory-device-size-change': alias: 'mem0' new size: 64KiB",
  ],
];

test("every kind of event has words", (t) => {
  for (const [event, words] of EVENTS)
    t.is(describeEvent(event), `event '${words.replace("'", "' for domain 'g'")}`, event.kind);
  t.deepEqual(new Set(EVENTS.map(([event]) => event.kind)), new Set(DOMAIN_EVENT_KINDS));
  t.is(eventName("blockJob2"), "block-job-2");
});

test("a table's columns are as wide as their widest cell", (t) => {
  const rows = [
    ["1", "a"],
    ["-", "a longer one"],
  ];
  t.is(
    formatTable(["Id", "Name"], rows),
    [" Id   Name", "--------------------", " 1    a", " -    a longer one"].join("\n"),
  );
  t.is(formatTable(["Id", "Name"], []), " Id   Name\n------------");
});

test("JSON has numbers where a number can hold the value, else text", (t) => {
  t.is(toJson({ a: 5n, b: 2n ** 60n, c: [1] }), '{"a":5,"b":"1152921504606846976","c":[1]}');
});
