import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { endianness } from "node:os";
import test from "ava";
import {
  Cgroup,
  chooseHierarchies,
  type DeviceRule,
  deviceNumbers,
  deviceProgram,
  findHierarchies,
  groupName,
  legacyRule,
  parseCgroupMounts,
} from "./index.js";

const HYBRID = `cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,cpu,cpuacct 0 0
cgroup /sys/fs/cgroup/with\\040blank cgroup rw,memory 0 0
cgroup /sys/fs/cgroup/systemd cgroup rw,xattr,name=systemd 0 0
cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0
`;

test("a controller is used in version 2 where that has it, and else in version 1", (t) => {
  const mounts = parseCgroupMounts(HYBRID);
  const rows: [Parameters<typeof chooseHierarchies>[1], string][] = [
    [undefined, "cpu 1 cpu,cpuacct; cpuacct 1 cpu,cpuacct; memory 1 with blank"],
    // What systemd mounts to keep track of processes has no controller.
    [{ controllers: "\n", filtersDevices: true }, "cpu 1 cpu,cpuacct; cpuacct 1 cpu,cpuacct; memory 1 with blank"],
    [
      { controllers: "memory io hugetlb\n", filtersDevices: true },
      "cpu 1 cpu,cpuacct; cpuacct 2 unified; memory 2 unified; devices 2 unified; blkio 2 unified",
    ],
    [
      { controllers: "cpu pids\n", filtersDevices: false },
      "cpu 2 unified; cpuacct 2 unified; memory 1 with blank; pids 2 unified",
    ],
  ];
  for (const [facts, expected] of rows) {
    const chosen = [...chooseHierarchies(mounts, facts)];
    const words = chosen.map(
      ([name, { version, mount }]) => `${name} ${version} ${mount.replace("/sys/fs/cgroup/", "")}`,
    );
    t.is(words.join("; "), expected);
  }
  t.deepEqual([...chooseHierarchies(mounts, undefined, ["memory", "blkio"]).keys()], ["memory"]);
});

const RULES: DeviceRule[] = [
  { type: "char", major: 1, minor: 3, access: "rw" },
  { type: "char", major: 136, access: "rw" },
  { type: "block", major: 8, minor: 0x12345, access: "r" },
  { type: "block", major: 7, minor: 1, access: "rwm" },
];

/** Runs a program as the kernel would, on what it is asked: the few instructions that there are. */
function answerOf(program: Buffer, question: readonly [word: number, major: number, minor: number]): number {
  const little = endianness() === "LE";
  const registers = [0, 0, 0, 0, 0, 0];
  for (let at = 0; ; at++) {
    const code = program[at * 8] ?? 0x95;
    const pair = program[at * 8 + 1] ?? 0;
    const [to, from] = little ? [pair & 15, pair >> 4] : [pair >> 4, pair & 15];
    const jump = little ? program.readInt16LE(at * 8 + 2) : program.readInt16BE(at * 8 + 2);
    const value = little ? program.readInt32LE(at * 8 + 4) : program.readInt32BE(at * 8 + 4);
    const old = registers[to] ?? 0;
    if (code === 0x95) return registers[0] ?? 0;
    if (code === 0x61) registers[to] = question[jump / 4] ?? 0;
    else if (code === 0xbf) registers[to] = registers[from] ?? 0;
    else if (code === 0xb7) registers[to] = value;
    else if (code === 0x57) registers[to] = old & value;
    else if (code === 0x77) registers[to] = old >>> value;
    else if (code === 0x55 && old !== value) at += jump;
  }
}

test("rules for devices mean the same in both versions", (t) => {
  t.deepEqual(RULES.map(legacyRule), ["c 1:3 rw", "c 136:* rw", "b 8:74565 r", "b 7:1 rwm"]);
  const program = deviceProgram(RULES);
  const access = { m: 1, r: 2, w: 4 };
  const types = { b: 1, c: 2 };
  const asks = (type: "b" | "c", major: number, minor: number, ...how: ("m" | "r" | "w")[]) =>
    answerOf(program, [(how.reduce((all, each) => all | access[each], 0) << 16) | types[type], major, minor]);
  t.is(asks("c", 1, 3, "r", "w"), 1);
  t.is(asks("c", 1, 3, "m"), 0);
  t.is(asks("b", 1, 3, "r"), 0);
  t.is(asks("c", 1, 5, "r"), 0);
  t.is(asks("c", 136, 77, "w"), 1);
  t.is(asks("b", 8, 0x12345, "r"), 1);
  t.is(asks("b", 8, 0x12345, "r", "w"), 0);
  t.is(asks("b", 7, 1, "m", "r", "w"), 1);
  t.is(answerOf(deviceProgram([]), [(2 << 16) | 2, 1, 3]), 0);
});

test("numbers of devices and names of groups", (t) => {
  t.deepEqual(deviceNumbers(0x0103), { major: 1, minor: 3 });
  t.deepEqual(deviceNumbers(0x12300845), { major: 8, minor: 0x12345 });
  const names = ["qemu-1-a", "cpu.x", "cgroup.x", "_x", ".x", "cpux"].map(groupName);
  t.deepEqual(names, ["qemu-1-a", "_cpu.x", "_cgroup.x", "__x", "_.x", "cpux"]);
});

const asRoot = process.getuid?.() === 0 ? test : test.skip;

/** Runs a shell script as a member of a group, from its first command on. */
async function outputIn(group: Cgroup, script: string): Promise<string> {
  const shell = spawn("/bin/sh", ["-c", `read -r go; ${script}`], { stdio: ["pipe", "pipe", "ignore"] });
  let output = "";
  shell.stdout.on("data", (text: string) => {
    output += text;
  });
  const closed = once(shell, "close");
  await group.addProcess(shell.pid ?? 0);
  shell.stdin.end("go\n");
  await closed;
  return output;
}

asRoot("a process joins a group in every hierarchy, and uses no device but those of its rules", async (t) => {
  const hierarchies = await findHierarchies();
  const top = `/polyvisor-test-${process.pid}`;
  const parent = hierarchies && (await Cgroup.make(hierarchies, top).catch(() => undefined));
  if (hierarchies === undefined || parent === undefined) return t.pass("this host lets nobody make groups");
  const path = `${top}/${groupName("cpu.guest")}`;
  try {
    const group = await Cgroup.make(hierarchies, path);
    await Cgroup.make(hierarchies, path);
    const [both, reading] = (["rw", "r"] as const).map((access): DeviceRule[] => [
      { type: "char", major: 1, minor: 3, access },
    ]);
    await group.setDevices(both ?? []);
    await group.setDevices(reading ?? [], both);
    const uses = "for f in null zero; do (exec </dev/$f); echo $?; (exec >/dev/$f); echo $?; done";
    const output = await outputIn(group, `cat /proc/self/cgroup; ${uses}`);
    for (const controller of hierarchies.keys()) {
      if (group.versionOf(controller) !== 1) continue;
      t.regex(output, new RegExp(`^\\d+:(.*,)?${controller}(,.*)?:${path}$`, "m"));
    }
    if (group.has("devices")) t.deepEqual(output.trim().split("\n").slice(-4), ["0", "2", "2", "2"]);
    const emulator = await group.makeThreads("emulator");
    if (emulator.versionOf("cpuset") === 1)
      t.is(await emulator.read("cpuset", "cpuset.mems"), await group.read("cpuset", "cpuset.mems"));
  } finally {
    await parent.remove();
    await parent.remove();
  }
  for (const { mount } of hierarchies.values()) t.false(existsSync(`${mount}${top}`));
});
