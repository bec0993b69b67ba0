// What a run says: the table on the screen, docs/performance.md for people and docs/performance.json for programs.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { availableParallelism, cpus, release, totalmem } from "node:os";
import { join } from "node:path";
import { output } from "../scripts/lib/run.mjs";
import { isUncertain } from "./goals.mjs";
import { LAYERS } from "./probes.mjs";
import { PROJECT } from "./setup.mjs";

const DOCS = join(PROJECT, "docs");

/** What the figures depend on. */
export async function describeMachine() {
  const version = async (program) => (await output(program, ["--version"])).split("\n")[0].trim();
  return {
    date: new Date().toISOString().slice(0, 10),
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cpus: availableParallelism(),
    memoryGb: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    system: /^PRETTY_NAME="(.*)"$/m.exec(await readFile("/etc/os-release", "utf8").catch(() => ""))?.[1] ?? "unknown",
    node: process.version,
    libvirtd: await version("libvirtd"),
    qemu: await version("qemu-system-x86_64"),
  };
}

/** Whether others kept the machine busy before anything was measured. The measures themselves raise the load. */
export function isBusy(loadBefore) {
  return loadBefore > availableParallelism();
}

export function busyWords(loadBefore) {
  return `The machine was busy with other work: a load of ${loadBefore.toFixed(1)} before anything was measured. Figures that wait
for a CPU (percentiles, milliseconds) then say more about that work than about a daemon, and a verdict near its goal says little.`;
}

/** The outcomes as a table of Markdown, which reads as well on a screen. */
export function table(outcomes) {
  const head = ["what", "libvirtd", "polyvisord", "ratio", "goal", "verdict", "floor", "over the floor"];
  return aligned([head, ...outcomes.map(cellsOf)]);
}

function cellsOf(outcome) {
  const { row, libvirtd, polyvisord, ratio, floor, overFloor } = outcome;
  return [
    row.title,
    figure(libvirtd, row.unit),
    figure(polyvisord, row.unit),
    ratio === undefined ? "" : `${short(ratio.median)} (${short(ratio.low)} to ${short(ratio.high)})`,
    goalWords(row),
    verdictWords(outcome),
    figure(floor, row.unit),
    overFloor === undefined ? "" : short(overFloor),
  ];
}

function verdictWords(outcome) {
  const words = outcome.verdict === "missed" ? "**missed**" : outcome.verdict;
  return isUncertain(outcome) ? `${words}, uncertain` : words;
}

function goalWords({ goal, floorAtMost }) {
  if (goal === undefined) return "";
  const words = "atLeast" in goal ? `at least ${goal.atLeast}` : `at most ${goal.atMost}`;
  return floorAtMost === undefined ? words : `${words}, and ${floorAtMost} over the floor`;
}

function figure(value, unit) {
  return value === undefined ? "" : `${short(value)} ${unit}`;
}

/** Three digits that count. */
function short(value) {
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toPrecision(value < 0.01 ? 1 : 3);
}

function aligned(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const line = (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column])).join(" | ")} |`;
  const rule = `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`;
  return [line(rows[0]), rule, ...rows.slice(1).map(line)].join("\n");
}

/** Writes both files and returns their names. */
export async function writeReport(report) {
  await mkdir(DOCS, { recursive: true });
  const { results, ...rest } = report;
  await writeFile(join(DOCS, "performance.md"), page(report));
  await writeFile(join(DOCS, "performance.json"), `${JSON.stringify({ ...rest, repetitions: results }, null, 2)}\n`);
  return ["docs/performance.md", "docs/performance.json"];
}

function page(report) {
  return `${[
    "# Performance",
    introduction(report),
    table(report.outcomes),
    METHOD,
    ...(report.budget === undefined ? [] : [budgetSection(report.budget, report.outcomes)]),
    missedSection(report),
  ].join("\n\n")}\n`;
}

function introduction({ machine, reps, outcomes }) {
  const judged = outcomes.filter(({ verdict }) => verdict !== "");
  const reached = judged.filter(({ verdict }) => verdict === "reached").length;
  const uncertain = judged.filter(isUncertain).length;
  return `polyvisord beside libvirtd on one machine, written by \`npm run bench\`: ${reached} of ${judged.length} goals are reached;
${uncertain} of the ${judged.length} verdicts are uncertain.
The figures of every repetition are in [performance.json](performance.json).

| | |
|---|---|
| date | ${machine.date}, ${reps} repetition${reps === 1 ? "" : "s"} |
| machine | ${machine.cpu}, ${machine.cpus} CPUs, ${machine.memoryGb} GB |
| system | ${machine.system}, Linux ${machine.kernel} |
| libvirtd | ${machine.libvirtd} |
| polyvisord | Node ${machine.node} |
| emulator | ${machine.qemu} |
| load | ${machine.loadBefore.toFixed(1)} before, ${machine.loadAfter.toFixed(1)} after |${isBusy(machine.loadBefore) ? `\n\n**${busyWords(machine.loadBefore)}**` : ""}`;
}

const METHOD = `## What is measured, and how

Both daemons are private ones of the same unprivileged user (nobody, when root measures), each in an empty folder of its own,
with warnings logged to a file and state made durable with fsync. Ours decides on every call by access rules; libvirtd
only has the hooks for that, because its one policy needs a system's bus and polkit. Both are asked by the same C programs in \`bench/clients\`, which know the URI and nothing else. Every measure is taken from both
before the next one, in changing order, and this as often as there are repetitions: what disturbs the machine disturbs
both. Figures are medians. The ratio is ours over libvirtd's, the median over the repetitions of the ratio within each,
with the lowest and the highest; so it need not be the quotient of the two medians. A verdict is *uncertain* where some
repetitions reached the goal and others did not: what else the machine did has a part in it.

- **Serial calls** go over one connection through libvirt's client library, one after the other. **64 connections** are as
  many threads of one program. Both are limited by that library and by the machine as much as by a daemon: the floor is an
  echo of the same bytes over a unix socket, without any protocol.
- **Without libvirt's client** shows what the daemons do when the client costs next to nothing.
- **Event to 16 clients**: from before the call that starts a domain of the test driver to the callback in each of 16
  clients, with pauses between the rounds. Without pauses one would measure a queue.
- **Define a domain, then its XML**: pairs of these two calls of the test driver, each pair with a new domain. Removing
  them again is not counted.
- **10 000 definitions**: a daemon that finds so many domains of the QEMU driver when it starts, with the files in the
  kernel's cache: from the making of its process to the answer to the first call, its resident set two seconds later, and
  all statistics of all of them, which are off.
- **QEMU**: from the call that starts a guest until its state is running, and the call that destroys it, under TCG. The
  floor starts the same emulator by hand with the command line that libvirtd uses. Both daemons run below a process that
  reaps orphans at once; where process 1 of a machine reaps late, libvirtd waits for zombies.
- **A container** has a shell as its init. Both daemons are root's, each in a mount namespace of its own in which version 2 of
  cgroups is not mounted, where libvirt's LXC driver works beside version 1.
- **30 unused plugins** are packages in a folder of plugins; the floor is the same daemon without them. libvirtd, which has no
  such plugins, is started as it is.
- **Idle memory** is the resident set of a daemon that nobody has talked to, 20 seconds after its start. A daemon's shared libraries count in full; the
  floor is a Node that does nothing.
- **CPU time of the daemon** is what its processes' clocks say. polyvisord stays awake for a moment after each call of a
  client that calls again and again, which shows here.

\`npm run bench -- --quick\` is shorter and writes no page, \`--only NAME\` one measure or group, \`--profile NAME\` shows the functions in
which polyvisord spends its time; \`--help\` tells the rest.`;

function budgetSection(budget, outcomes) {
  const head = ["call", ...LAYERS, "sum", "whole", "policy"];
  const rows = budget.map((row) => [
    row.call,
    ...LAYERS.map((layer) => row[layer].toFixed(2)),
    LAYERS.reduce((sum, layer) => sum + row[layer], 0).toFixed(2),
    row.whole.toFixed(2),
    row.policy.toFixed(2),
  ]);
  return `## What a call costs, layer by layer

Microseconds inside the daemon, with its own modules and no socket: cut a message out of a chunk; find the call and decode
its arguments; resolve the object and check read-only access; run the handler of the test driver; encode the reply and hand
it on. *Whole* is all of it in one go. *Policy* comes on top where an access policy is set, here one that
allows everything at once.

${aligned([head, ...rows])}${socketWords(budget, outcomes)}`;
}

/** What the daemon's own work is of the time that a call takes on the wire. */
function socketWords(budget, outcomes) {
  const raw = outcomes.find(({ row }) => row.measure === "raw-1x1")?.polyvisord;
  const whole = budget.find(({ call }) => call === "connectGetLibVersion")?.whole;
  if (raw === undefined || whole === undefined) return "";
  const wire = 1e6 / raw;
  return `

One call in flight takes ${wire.toFixed(1)} us from the client's write to its read; ${whole.toFixed(1)} us of that are the above. The rest is
the kernel's, Node's streams and event loop, and waking up processes.`;
}

function missedSection({ outcomes, profiles, memory }) {
  const missed = outcomes.filter(({ verdict }) => verdict === "missed");
  if (missed.length === 0) return "## Where the time goes\n\nEvery goal that was measured is reached.";
  const sections = missed.map((outcome) =>
    outcome.row.measure === "idle" ? memoryWords(outcome.row, memory) : missedWords(outcome, profiles),
  );
  return `## Where the time goes\n\n${[...new Set(sections)].join("\n\n")}`;
}

function missedWords({ row }, profiles) {
  const profile = profiles.find(({ measure }) => measure === row.measure);
  const title = `### Missed: ${row.title}`;
  if (profile === undefined) return `${title}\n\nA profile of functions says nothing about this figure.`;
  const parts = profile.parts.filter(({ share }) => share >= 0.01).map((part) => [part.name, percent(part.share)]);
  const functions = profile.functions.slice(0, 12).map((fn) => [`\`${fn.name}\``, percent(fn.share)]);
  return `${title}

The daemon's main thread was busy ${percent(profile.busy)} of the time. Of that, by part:

${aligned([["part", "share"], ...parts])}

and by function:

${aligned([["function", "share"], ...functions])}`;
}

function memoryWords({ title }, memory = []) {
  const rows = memory.map(({ part, resident, heap }) => [part, resident.toFixed(1), heap.toFixed(1)]);
  return `### Missed: ${title}

The floor is a bare Node, most of which is the program file itself, mapped. On top of it, in the order of loading, come
these, in megabytes of resident set and of live heap after a collection (the first grows and shrinks in steps):

${aligned([["part", "resident", "heap"], ...rows])}`;
}

function percent(share) {
  return `${(share * 100).toFixed(1)} %`;
}
