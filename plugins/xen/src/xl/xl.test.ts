import { readFile } from "node:fs/promises";
import test from "ava";
import { parseInfo } from "./info.js";
import { parseList, parseSchedule, parseVcpuList } from "./table.js";
import { readConfigurations, reasonIn } from "./xl.js";

/** What a real dom0 printed. */
const recorded = (name: string) => readFile(new URL(`../../fixtures/recorded/${name}`, import.meta.url), "utf8");

test("a host's description is read", async (t) => {
  const info = parseInfo(await recorded("info.txt"));
  t.like(info, {
    hostname: "dom0",
    version: 4_017_007,
    machine: "x86_64",
    cpus: 2,
    nodes: 1,
    coresPerSocket: 2,
    threadsPerCore: 1,
    mhz: 2299,
    memory: 2047 * 1024,
    scheduler: "credit2",
    hap: true,
  });
  t.deepEqual(info.caps, ["xen-3.0-x86_64", "hvm-3.0-x86_32", "hvm-3.0-x86_32p", "hvm-3.0-x86_64"]);
  t.deepEqual(
    info.topology.map(({ cpu, core }) => [cpu, core]),
    [
      [0, 0],
      [1, 1],
    ],
  );
  t.like(info.numa[0], { id: 0, memory: 2047 * 1024, distances: [10] });
  t.throws(() => parseInfo("xl: command not found"), { message: /xl info does not tell xen_major/ });
});

test("a listing is read, whatever domains are called and do", async (t) => {
  const rows = parseList(await recorded("list.txt"));
  t.deepEqual(
    rows.map(({ id, name, state }) => [id, name, state]),
    [
      [0, "Domain-0", "running"],
      [1, "min", "running"],
      [2, "pvh1", "running"],
    ],
  );
  const uuid = "11111111-2222-3333-4444-555555555503";
  const line = (name: string, state: string, reason: string) =>
    `${name}    7   128     1     ${state}       0.5 ${uuid}        ${reason}                -`;
  const [odd, ...others] = parseList(
    [
      line("a 1 b", "--p---", "-"),
      line("x", "---s--", "1"),
      line("y", "---sc-", "3"),
      line("z", "-----d", "a"),
      "warning: 3",
    ].join("\n"),
  );
  t.like(odd, { name: "a 1 b", id: 7, memory: 131072, vcpus: 1, state: "paused", cpuTime: 500_000_000n, uuid });
  t.is(odd?.reason, undefined);
  t.deepEqual(
    others.map(({ state, reason }) => [state, reason]),
    [
      ["shutdown", 1],
      ["crashed", 3],
      ["dying", 10],
    ],
  );
});

test("processors and their scheduler are read", async (t) => {
  const vcpus = parseVcpuList(await recorded("vcpu-list.txt"));
  t.deepEqual([...new Set(vcpus.map(({ domain }) => domain))], [0, 1, 2]);
  const parked = vcpus.find(({ state }) => state === "offline");
  t.is(parked?.cpu, undefined);
  t.is(vcpus[0]?.affinity, "all");
  t.deepEqual(parseVcpuList("g   3   0   1   -b-   2.0  0-1,3 / all")[0]?.affinity, [0, 1, 3]);
  t.deepEqual(parseSchedule(await recorded("sched-credit2.txt"), 1), { weight: 256, cap: 0 });
  t.is(parseSchedule("Cpupool Pool-0: ratelimit=1000us", 1), undefined);
});

test("configurations are taken one by one, and what is none is told", async (t) => {
  t.deepEqual(
    readConfigurations(await recorded("list.json")).map(({ domid }) => domid),
    [0, 1, 2],
  );
  t.deepEqual(readConfigurations('[{"domid": "x"}, 3, null]'), []);
  t.throws(() => readConfigurations("libxl: error"), { message: /printed no JSON/ });
});

test("of all that xl says its complaint is told", (t) => {
  const said =
    "Parsing config from /tmp/x\nlibxl: error: libxl_create.c:1245:initiate_domain_create: Domain 3:Name in use\n";
  t.is(reasonIn(said), "Domain 3:Name in use");
  t.is(reasonIn("Parsing config from /tmp/x\n"), undefined);
});
