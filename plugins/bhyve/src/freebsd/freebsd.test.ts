import { nodeInfo } from "@polyvisor/sdk/conf/host";
import test from "ava";
import { type Attempt, probeFeatures } from "./features.js";
import { cpuTimesOf, memoryOf, shapeOf } from "./figures.js";
import { parseCpuTime, parseExit } from "./process.js";
import { parseKenv } from "./smbios.js";
import { Sysctls } from "./sysctl.js";

/** Words as FreeBSD's programs print them; none of them can run here. */
const HELP = "Usage: bhyve [-AaCDeHhPSuWwxY]\n       -u: RTC keeps UTC time\n       -c: number of CPUs";
const OLD_HELP = "Usage: bhyve [-abehuwxACHPSWY] [-c vcpus]";

const answers =
  (help: string, unknown: readonly string[]): Attempt =>
  async (program, ...args) => {
    if (program === "grub-bhyve") throw new Error("no such program");
    if (args[0] === "-h") return { status: 1, stdout: "", stderr: help };
    return {
      status: 1,
      stdout: "",
      stderr: unknown.find((words) => words.includes(`"${args[1]?.split(",")[1]}"`)) ?? "",
    };
  };

test("what a bhyve can do is what it does not complain of", async (t) => {
  const recent = await probeFeatures(answers(HELP, []), "bhyve");
  t.is(recent.bhyve.size, 10);
  t.false(recent.grubConsole);
  const old = await probeFeatures(
    answers(OLD_HELP, [
      'bhyve: pci slot 0:0: unknown device "fbuf"',
      'pci slot 0:0: unknown device "hda"',
      'pci slot 0:0: unknown device "virtio-9p"',
    ]),
    "bhyve",
  );
  for (const feature of ["fbuf", "hda", "virtio-9p", "cpu-topology", "rtc-utc"] as const)
    t.false(old.bhyve.has(feature), feature);
  t.true(old.bhyve.has("e1000"));
});

const VALUES = new Sysctls(`hw.machine_arch: amd64
hw.physmem: 8485863424
hw.ncpu: 4
hw.clockrate: 2400
kern.smp.threads_per_core: 2
hw.pagesize: 4096
vm.stats.vm.v_page_count: 1000
vm.stats.vm.v_free_count: 250
vfs.bufspace: 2048
kern.clockrate: { hz = 1000, tick = 1000, profhz = 8128, stathz = 127 }
kern.cp_time: 127 0 254 0 1270
kern.cp_times: 1 2 3 4 5 127 0 0 0 0
`);

test("the host's figures are those of its kernel", (t) => {
  const shape = shapeOf(VALUES);
  t.deepEqual(nodeInfo(shape), {
    model: "x86_64",
    memory: 8286976,
    cpus: 4,
    mhz: 2400,
    nodes: 1,
    sockets: 1,
    cores: 2,
    threads: 2,
  });
  t.deepEqual(memoryOf(VALUES), { total: 4000, free: 1000, cached: 0, buffers: 2 });
  const second = 1_000_000_000n;
  t.deepEqual(cpuTimesOf(VALUES, undefined), { user: second, kernel: 2n * second, idle: 10n * second, interrupts: 0n });
  t.is(cpuTimesOf(VALUES, 1)?.user, second);
  t.is(cpuTimesOf(VALUES, 2), undefined);
});

test("what ps, pwait and kenv print is understood", (t) => {
  t.is(parseCpuTime("    1:02.50\n"), 62_500_000_000n);
  t.is(parseCpuTime("10:00:00.01"), 36_000_010_000_000n);
  t.is(parseCpuTime(""), 0n);
  t.deepEqual(parseExit("1234: exited with status 3.\n"), { kind: "status", status: 3 });
  t.deepEqual(parseExit("1234: killed by signal 9.\n"), { kind: "signal" });
  t.deepEqual(parseExit(""), { kind: "unseen" });
  t.is(parseKenv('hw.x="1"\n'), undefined);
  t.deepEqual(parseKenv('smbios.system.maker="Acme"\nsmbios.system.product=""\nsmbios.bios.reldate="01/02/2023"\n'), {
    type: "smbios",
    bios: [{ name: "date", value: "01/02/2023" }],
    system: [{ name: "manufacturer", value: "Acme" }],
    baseBoards: [],
    chassis: undefined,
  });
});
