import { readFile } from "node:fs/promises";
import {
  DEFINED_DETAIL,
  LIFECYCLE_EVENT,
  RESUMED_DETAIL,
  STARTED_DETAIL,
  STOPPED_DETAIL,
  SUSPENDED_DETAIL,
  UNDEFINED_DETAIL,
} from "@polyvisor/core";
import {
  type DomainStatus,
  shutoff,
  statusWords,
  TRANSITIONS,
  type Transition,
  type TransitionName,
} from "@polyvisor/sdk/lifecycle";
import { certainEvents, EventRecorder } from "./harness/event-recorder.js";
import { guestImage } from "./harness/guest-image.js";
import { bootableXml, idleXml } from "./harness/guest-xml.js";
import { hypervisor, program, testWith } from "./harness/needs.js";
import { type Driver, ourDaemon, type Peer, realLibvirtd } from "./harness/peer.js";
import { processesNaming, until } from "./harness/processes.js";
import { Terminal } from "./harness/terminal.js";
import { Virsh } from "./harness/virsh.js";
import { withFiles, withPeer } from "./harness/with-peer.js";

const UUID = "6f1d2b34-8f0e-4a53-9c1b-0a5d7c3e9f41";
const NEEDS = await Promise.all([program("libvirtd"), program("virsh"), program("stdbuf")]);
const QEMU = await hypervisor();
const IMAGE = await guestImage();

/** What is done to the domain `guest`, and the steps of its life that the table has for it. */
interface Act {
  /** A command of virsh; `{xml}` and its like stand for files. */
  readonly virsh?: string;
  readonly fails?: true;
  /** Something that virsh cannot do. */
  readonly does?: (peer: Peer, virsh: Virsh) => Promise<void>;
  readonly steps: readonly TransitionName[];
}

const TEST_LIFE: readonly Act[] = [
  { virsh: "define {xml}", steps: ["define"] },
  { virsh: "define {xml}", steps: ["redefine"] },
  { virsh: "start guest", steps: ["boot"] },
  { virsh: "suspend guest", steps: ["suspend"] },
  { virsh: "resume guest", steps: ["resume"] },
  { virsh: "reset guest", steps: [] },
  { virsh: "reboot guest", steps: ["rebootInPlace"] },
  { virsh: "destroy guest", steps: ["destroy"] },
  { virsh: "start guest", steps: ["boot"] },
  { virsh: "define {xml}", steps: ["redefine"] },
  { virsh: "shutdown guest", steps: ["finish"] },
  { virsh: "undefine guest", steps: ["undefine"] },
  { virsh: "create {xml}", steps: ["boot"] },
  { virsh: "destroy guest", steps: ["destroy"] },
];

const QEMU_LIFE: readonly Act[] = [
  { virsh: "define {xml}", steps: ["define"] },
  { virsh: "define {xml}", steps: ["redefine"] },
  { virsh: "start guest", steps: ["prepare", "run", "started"] },
  { virsh: "suspend guest", steps: ["suspend"] },
  { virsh: "suspend guest", steps: [] },
  { virsh: "resume guest", steps: ["resume"] },
  { virsh: "reset guest", steps: [] },
  { virsh: "destroy guest", steps: ["destroy"] },
  { virsh: "start guest --paused", steps: ["prepare", "hold", "startedPaused"] },
  { virsh: "resume guest", steps: ["resume"] },
  { does: killEmulator, steps: ["crash"] },
  { virsh: "define {diskless}", steps: ["redefine"] },
  { virsh: "start guest", fails: true, steps: ["refuseStart"] },
  { virsh: "undefine guest", steps: ["undefine"] },
  { virsh: "create {xml}", steps: ["prepare", "run", "started"] },
  { virsh: "destroy guest", steps: ["destroy"] },
  { virsh: "define {bootable}", steps: ["define"] },
  { does: bootAndPowerOff, steps: ["prepare", "run", "started", "shutDownByGuest", "finish"] },
];

async function killEmulator(peer: Peer): Promise<void> {
  for (const pid of await processesNaming(peer.folder)) {
    const command = await readFile(`/proc/${pid}/cmdline`, "utf8");
    if (command.startsWith("/usr/bin/qemu-system")) process.kill(pid, "SIGKILL");
  }
}

/** What the guest of the image does when its shell is told to. */
async function bootAndPowerOff(_: Peer, virsh: Virsh): Promise<void> {
  const console = new Terminal("virsh", ["-c", virsh.uri, "start", "guest", "--console"]);
  await console.expect("guest>");
  console.type("poweroff -f\r");
  await until("the guest is off", async () => (await virsh.ok("domstate", "guest")).startsWith("shut off"));
  await console.stop();
}

interface Story {
  /** After each act: how `virsh domstate --reason` puts it, or that the domain is not there. */
  readonly states: readonly string[];
  /** Every lifecycle event in virsh's words. */
  readonly events: readonly string[];
}

/** The story as the table of transitions has it. */
function foretold(life: readonly Act[]): Story {
  const states: string[] = [];
  const events: string[] = [];
  let status: DomainStatus = shutoff("UNKNOWN");
  let defined = false;
  for (const { steps } of life) {
    for (const name of steps) {
      const { from, to, news }: Transition = TRANSITIONS[name];
      if (!from.includes(status.state)) throw new Error(`${name} cannot follow ${JSON.stringify(status)}`);
      status = to ?? status;
      if (name === "define" || name === "undefine") defined = name === "define";
      events.push(...news.map(({ event, detail }) => `guest: ${inWords(event, detail)}`));
    }
    const { state, reason } = statusWords(status);
    const gone = !defined && state === "shutoff";
    states.push(gone ? "not there" : `${state === "shutoff" ? "shut off" : state} (${reason})`);
    if (gone) status = shutoff("UNKNOWN");
  }
  return { states, events };
}

/** The events of these scripts as virsh says them. */
function inWords(event: number, detail: number): string {
  const name = nameOf(LIFECYCLE_EVENT, event);
  const details: Readonly<Record<string, Readonly<Record<string, number>>>> = {
    DEFINED: DEFINED_DETAIL,
    UNDEFINED: UNDEFINED_DETAIL,
    STARTED: STARTED_DETAIL,
    SUSPENDED: SUSPENDED_DETAIL,
    RESUMED: RESUMED_DETAIL,
    STOPPED: STOPPED_DETAIL,
  };
  const word = (text: string) => text.charAt(0) + text.slice(1).toLowerCase();
  if (name === "SHUTDOWN") return "Shutdown Finished after guest request";
  return `${word(name)} ${word(nameOf(details[name] ?? {}, detail))}`;
}

function nameOf(table: Readonly<Record<string, number>>, number: number): string {
  return Object.entries(table).find(([, each]) => each === number)?.[0] ?? `${number}`;
}

/** The story as a daemon has it. */
async function lived(peer: Peer, driver: Driver, life: readonly Act[]): Promise<Story> {
  const virsh = new Virsh(peer.uri(driver));
  const events = await EventRecorder.start(virsh, driver);
  const missing = "<disk type='file'><source file='/nonexistent/disk'/><target dev='vda'/></disk></devices>";
  const idle = idleXml("guest", driver, UUID);
  const files = {
    xml: idle,
    diskless: idle.replace("</devices>", missing),
    bootable: IMAGE === undefined ? "" : bootableXml("guest", IMAGE, { uuid: UUID }),
  };
  try {
    return await withFiles(files, async (paths) => {
      const states: string[] = [];
      for (const act of life) {
        await carryOut(act, peer, virsh, paths);
        states.push(await stateAfter(act, virsh));
      }
      await events.settle();
      return { states, events: certainEvents(events.of("lifecycle")) };
    });
  } finally {
    await events.stop();
  }
}

async function carryOut(act: Act, peer: Peer, virsh: Virsh, paths: Readonly<Record<string, string>>): Promise<void> {
  await act.does?.(peer, virsh);
  if (act.virsh === undefined) return;
  const words = act.virsh.split(" ").map((word) => word.replace(/^\{(\w+)\}$/, (_, name: string) => paths[name] ?? ""));
  if (act.fails) await virsh.fails(...words);
  else await virsh.ok(...words);
}

async function stateAfter({ does }: Act, virsh: Virsh): Promise<string> {
  // What nobody asked the daemon for shows a moment later.
  if (does !== undefined)
    await until("the guest is off", async () => (await virsh.ok("domstate", "guest")).startsWith("shut off"));
  const { code, stdout } = await virsh.run("domstate", "guest", "--reason");
  return code === 0 ? stdout.trim() : "not there";
}

for (const [driver, life, needs] of [
  ["test", TEST_LIFE, []],
  ["qemu", QEMU_LIFE, QEMU],
] as const) {
  for (const [name, start] of [
    ["libvirtd", realLibvirtd],
    ["polyvisord", ourDaemon],
  ] as const) {
    testWith(
      `a domain of ${name} lives as the table of transitions says: ${driver}`,
      [...NEEDS, ...needs],
      async (t) => {
        t.deepEqual(await withPeer((peer) => lived(peer, driver, life), start), foretold(life));
      },
    );
  }
}
