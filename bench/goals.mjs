// The rows of the table: which figure of which measure, and what it has to reach.

/**
 * @typedef {object} Row
 * @property {string} title
 * @property {string} measure
 * @property {string} figure
 * @property {string} unit
 * @property {{ atLeast: number } | { atMost: number }} [goal] for ours over libvirtd's; rows without one only inform
 * @property {number} [floorAtMost] for ours over the floor
 */

const calls = (title, measure, goal) => ({ title, measure, figure: "calls_s", unit: "calls/s", ...goal });
const atLeast = (ratio) => ({ goal: { atLeast: ratio } });
const atMost = (ratio) => ({ goal: { atMost: ratio } });

/** @type {readonly Row[]} */
export const ROWS = [
  calls("serial calls: version of the library", "serial-version", atLeast(2)),
  calls("serial calls: node info", "serial-node-info", atLeast(2)),
  calls("serial calls: state of a domain", "serial-state", atLeast(2)),
  calls("serial calls: XML of a domain", "serial-xml", {}),
  { title: "CPU time of the daemon for a serial call", measure: "serial-state", figure: "cpu_us", unit: "us" },
  calls("64 connections: version of the library", "concurrent-version", atLeast(2)),
  calls("64 connections: state of a domain", "concurrent-state", atLeast(2)),
  calls("without libvirt's client: 1 call in flight", "raw-1x1", {}),
  calls("without libvirt's client: 64 connections, 4 in flight each", "raw-64x4", {}),
  { title: "open and close a connection", measure: "open-close", figure: "open_close_s", unit: "1/s", ...atLeast(1.5) },
  { title: "event to 16 clients, median", measure: "events", figure: "p50_us", unit: "us", ...atMost(0.5) },
  { title: "event to 16 clients, 99th percentile", measure: "events", figure: "p99_us", unit: "us", ...atMost(0.8) },
  { title: "list of 1000 domains", measure: "many-1000", figure: "list_ms", unit: "ms", ...atMost(0.3) },
  { title: "list of 10 000 domains", measure: "many-10000", figure: "list_ms", unit: "ms", ...atMost(0.25) },
  { title: "state of 1000 domains in one call", measure: "many-1000", figure: "stats_ms", unit: "ms" },
  {
    title: "state of 10 000 domains in one call",
    measure: "many-10000",
    figure: "stats_ms",
    unit: "ms",
    ...atMost(0.3),
  },
  { title: "define 1000 domains", measure: "many-1000", figure: "define_s", unit: "1/s" },
  { title: "XML of 1000 domains", measure: "many-1000", figure: "xml_s", unit: "1/s" },
  { title: "XML of 10 000 domains", measure: "many-10000", figure: "xml_s", unit: "1/s", ...atLeast(2) },
  { title: "define a domain, then its XML", measure: "define-xml", figure: "pairs_s", unit: "1/s", ...atLeast(2) },
  { title: "look up and undefine 1000 domains", measure: "many-1000", figure: "undefine_s", unit: "1/s" },
  {
    title: "10 000 definitions: start to the first answer",
    measure: "definitions",
    figure: "first_call_ms",
    unit: "ms",
    ...atMost(0.15),
  },
  { title: "10 000 definitions: memory", measure: "definitions", figure: "resident_mb", unit: "MB", ...atMost(1) },
  { title: "10 000 definitions: first statistics", measure: "definitions", figure: "first_stats_ms", unit: "ms" },
  { title: "10 000 definitions: further statistics", measure: "definitions", figure: "stats_ms", unit: "ms" },
  {
    title: "30 unused plugins: start to the first answer of two drivers",
    measure: "plugins",
    figure: "first_call_ms",
    unit: "ms",
  },
  { title: "30 unused plugins: memory with two drivers in use", measure: "plugins", figure: "resident_mb", unit: "MB" },
  ...[
    ["serial calls: state of a domain", "serial_s", "calls/s"],
    ["64 connections: state of a domain", "concurrent_s", "calls/s"],
    ["list of 1000 domains", "list_ms", "ms"],
    ["memory of all processes", "resident_mb", "MB"],
  ].map(([what, figure, unit]) => ({
    title: `driver in a process of its own (floor: in the daemon's): ${what}`,
    measure: "isolated",
    figure,
    unit,
  })),
  ...["q35", "pc"].flatMap((machine) => [
    {
      title: `QEMU (${machine}): start to running`,
      measure: `qemu-${machine}`,
      figure: "running_ms",
      unit: "ms",
      ...atMost(0.25),
      floorAtMost: 1.7,
    },
    {
      title: `QEMU (${machine}): destroy`,
      measure: `qemu-${machine}`,
      figure: "destroy_ms",
      unit: "ms",
      ...atMost(0.05),
    },
  ]),
  {
    title: "QEMU (pc), a disk, with lock and log daemons: start to running",
    measure: "locks",
    figure: "running_ms",
    unit: "ms",
    ...atMost(0.6),
  },
  {
    title: "a container with a shell: start to running",
    measure: "containers",
    figure: "running_ms",
    unit: "ms",
    ...atMost(0.6),
  },
  { title: "a container: destroy", measure: "containers", figure: "destroy_ms", unit: "ms" },
  { title: "idle memory", measure: "idle", figure: "resident_mb", unit: "MB", ...atMost(2) },
  { title: "memory with 1000 idle clients", measure: "clients", figure: "resident_mb", unit: "MB", ...atMost(1) },
  { title: "memory after all of the above", measure: "used", figure: "resident_mb", unit: "MB" },
];

/**
 * What a row came to.
 * @typedef {object} Outcome
 * @property {Row} row
 * @property {number | undefined} libvirtd median
 * @property {number | undefined} polyvisord median
 * @property {number | undefined} floor median
 * @property {{ median: number, low: number, high: number } | undefined} ratio ours over libvirtd's, in each repetition
 * @property {number | undefined} overFloor median over the repetitions, where the row has a goal for that
 * @property {"reached" | "missed" | "not measured" | ""} verdict empty for a row without a goal
 */

/**
 * @param {readonly Record<string, Record<string, number>>[]} repetitions of the row's measure: figures by peer
 * @returns {Outcome}
 */
export function outcomeOf(row, repetitions) {
  const of = (peer) => repetitions.map((figures) => figures[peer]?.[row.figure]).filter((value) => value !== undefined);
  const over = (other) =>
    repetitions
      .filter((figures) => figures.polyvisord?.[row.figure] !== undefined && figures[other]?.[row.figure] !== undefined)
      .map((figures) => figures.polyvisord[row.figure] / figures[other][row.figure]);
  const ratios = over("libvirtd");
  const outcome = {
    row,
    libvirtd: median(of("libvirtd")),
    polyvisord: median(of("polyvisord")),
    floor: median(of("floor")),
    ratio:
      ratios.length === 0 ? undefined : { median: median(ratios), low: Math.min(...ratios), high: Math.max(...ratios) },
  };
  const overFloor = row.floorAtMost === undefined ? undefined : median(over("floor"));
  return { ...outcome, overFloor, verdict: verdictOf(row, outcome.ratio?.median, overFloor) };
}

function verdictOf(row, ratio, overFloor) {
  if (row.goal === undefined) return "";
  if (ratio === undefined) return "not measured";
  const { atLeast: least = Number.NEGATIVE_INFINITY, atMost: most = Number.POSITIVE_INFINITY } = row.goal;
  const isNearFloor = row.floorAtMost === undefined || overFloor === undefined || overFloor <= row.floorAtMost;
  return ratio >= least && ratio <= most && isNearFloor ? "reached" : "missed";
}

/** Whether some repetitions reached the goal and others missed it: then the verdict could have been the other one. */
export function isUncertain({ row, ratio }) {
  if (row.goal === undefined || ratio === undefined) return false;
  const bound = row.goal.atLeast ?? row.goal.atMost;
  return ratio.low < bound && bound < ratio.high;
}

export function median(values) {
  if (values.length === 0) return undefined;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
