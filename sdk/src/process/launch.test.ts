import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, openSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import test from "ava";
import {
  chainOf,
  hasEnded,
  type LaunchPlan,
  launch,
  ProcessHandle,
  parseProcessStat,
  readProcessStat,
} from "./index.js";

let folder = "";
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), "polyvisor-launch-"));
});
test.after.always(() => rm(folder, { recursive: true }));

const plan: LaunchPlan = {
  argv: ["/bin/sh", "-c", "exit 0"],
  env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
  umask: 0o002,
  limits: [],
  noNewPrivileges: false,
  ownMounts: false,
};

/** Runs a shell script through the chain to its end and returns what it wrote. */
async function output(t: { title: string }, script: string, change: Partial<LaunchPlan> = {}): Promise<string> {
  const path = join(folder, `${t.title}.log`);
  const log = openSync(path, "a");
  const held = await launch({ ...plan, argv: ["/bin/sh", "-c", script], ...change }, { output: log, inherited: [log] });
  closeSync(log);
  await kept(held.prepared);
  held.release();
  await kept(held.process.ended);
  return readFile(path, "utf8");
}

/** Handles do not keep the event loop alive, so something else must while a test waits on one. */
async function kept<T>(promise: Promise<T>): Promise<T> {
  const timer = setTimeout(() => {}, 60_000);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}

test("the chain has a link for each thing that is asked of it", (t) => {
  const rows: [Partial<LaunchPlan>, string, string[]][] = [
    [{}, "umask 0002", []],
    [{ innerWrapper: ["as", "--label"] }, "umask 0002", ["as", "--label"]],
    [
      { innerWrapper: ["as"], ownEnv: { LD_PRELOAD: "x" } },
      "umask 0002",
      [
        ...["as", "/bin/sh", "-c"],
        'export LD_PRELOAD="$POLYVISOR_OWN_LD_PRELOAD"; unset POLYVISOR_OWN_LD_PRELOAD; unset PWD OLDPWD; exec "$@"',
        "sh",
      ],
    ],
    [{ umask: 0o77, ownMounts: true }, "umask 0077", ["unshare", "--mount", "--propagation", "slave", "--"]],
    [{ limits: [{ resource: "core", soft: 0, hard: 0 }] }, "umask 0002; ulimit -c 0", []],
    [
      { limits: [{ resource: "core", soft: 0, hard: "unlimited" }] },
      "umask 0002",
      ["prlimit", "--core=0:unlimited", "--"],
    ],
    [
      { runAs: { uid: 64055, gid: 104, groups: [] }, noNewPrivileges: true },
      "umask 0002",
      ["setpriv", "--reuid=64055", "--regid=104", "--clear-groups", "--no-new-privs", "--"],
    ],
    [
      { wrapper: ["take", "--lease"], limits: [{ resource: "nofile", soft: 1, hard: 2 }], noNewPrivileges: true },
      "umask 0002",
      ["prlimit", "--nofile=1:2", "--", "take", "--lease", "setpriv", "--no-new-privs", "--"],
    ],
    [
      { runAs: { uid: 1, gid: 2, groups: [3, 4] }, capabilities: ["sys_nice"] },
      "umask 0002",
      [
        ...["setpriv", "--reuid=1", "--regid=2", "--groups=3,4", "--inh-caps=-all,+sys_nice"],
        ...["--bounding-set=-all,+sys_nice", "--ambient-caps=+sys_nice", "--"],
      ],
    ],
  ];
  for (const [change, own, links] of rows) {
    const announce =
      'read -r pid rest </proc/self/stat; echo "$pid" >&3; kill -KILL $$; echo ready >&3; read -r go <&3 || exit 125';
    const gate = `( ${announce}; ${own}; unset go pid rest PWD OLDPWD; exec "$@" <>/dev/null 3>&- ); :`;
    t.deepEqual(chainOf({ ...plan, ...change }), ["/bin/sh", "-c", gate, "sh", ...links, ...plan.argv]);
  }
});

test("the program has its umask, limits and descriptors, no signal ignored, and leads no session", async (t) => {
  const script =
    '[ "$(cut -d" " -f6 /proc/$$/stat)" = $$ ] && echo leads a session; umask; ulimit -c; ulimit -Sn; ulimit -Hn; ls /proc/$$/fd; grep Sig[BI] /proc/self/status; readlink /proc/$$/cwd /proc/$$/fd/0; cat -v /proc/$$/environ';
  const text = await output(t, script, {
    limits: [
      { resource: "core", soft: 0, hard: 0 },
      { resource: "nofile", soft: 64, hard: 128 },
    ],
  });
  const expected = [
    ...["0002", "0", "64", "128", "0", "1", "2", "4"],
    ...["SigBlk:\t0000000000000000", "SigIgn:\t0000000000000000", "/", "/dev/null"],
    "PATH=/usr/sbin:/usr/bin:/sbin:/bin^@",
  ];
  t.deepEqual(text.trim().split("\n"), expected);
});

const asRoot = process.getuid?.() === 0 ? test : test.skip;

asRoot("as root, the program runs as whom it should and cannot gain anything", async (t) => {
  const script = "id -u; id -G; grep -E '^(CapEff|CapBnd|NoNewPrivs)' /proc/$$/status; readlink /proc/$$/ns/mnt";
  const text = await output(t, script, {
    runAs: { uid: 65534, gid: 65533, groups: [12, 13] },
    capabilities: [],
    noNewPrivileges: true,
    ownMounts: true,
  });
  const [uid, groups, effective, bounding, privileges, mounts] = text.trim().split("\n");
  t.is(uid, "65534");
  t.deepEqual(groups?.split(" "), ["65533", "12", "13"]);
  t.is(effective, "CapEff:\t0000000000000000");
  t.is(bounding, "CapBnd:\t0000000000000000");
  t.is(privileges, "NoNewPrivs:\t1");
  t.regex(mounts ?? "", /^mnt:\[\d+\]$/);
  t.not(mounts, await output(t, "readlink /proc/$$/ns/mnt").then((all) => all.trim().split("\n").at(-1)));
});

asRoot(
  "as root, mounts are prepared while the process is held; a program's own variables reach it alone",
  async (t) => {
    const script =
      "cat -v /proc/$$/environ; echo; [ -e /mnt/made ] && echo there; grep -c ' /mnt ' /proc/self/mountinfo";
    const text = await output(t, script, {
      ownMounts: { setUp: "mount -n -t tmpfs none /mnt && touch /mnt/made || exit 125" },
      ownEnv: { FIRST: "it's $PATH", PATH: "/bin:/usr/bin" },
    });
    const [environment = "", there, mounts] = text.trim().split("\n");
    t.deepEqual(
      environment
        .split("^@")
        .filter((each) => each !== "")
        .sort(),
      ["FIRST=it's $PATH", "PATH=/bin:/usr/bin"],
    );
    t.deepEqual([there, mounts], ["there", "1"]);
    t.false(existsSync("/mnt/made"));
    t.is(await output(t, "echo started", { ownMounts: { setUp: "echo no; exit 125" } }), `${text}no\n`);
  },
);

test("the process waits at the gate, and the pid stays the same through the chain", async (t) => {
  const log = openSync(join(folder, "gate.log"), "a");
  const argv = ["/bin/sh", "-c", "echo $$"] as const;
  const held = await launch({ ...plan, argv: [...argv], noNewPrivileges: true }, { output: log, inherited: [] });
  closeSync(log);
  await new Promise((resolve) => setTimeout(resolve, 100));
  t.is(await readFile(join(folder, "gate.log"), "utf8"), "");
  t.false(held.process.hasEnded);
  held.release();
  await kept(held.process.ended);
  t.true(held.process.hasEnded);
  t.is((await readFile(join(folder, "gate.log"), "utf8")).trim(), String(held.process.pid));
  t.false(held.process.kill("SIGTERM"));
});

test("a process is found again by its identity, and not when it is another", async (t) => {
  const child = spawn("sleep", ["60"]);
  const pid = child.pid ?? 0;
  const opened = ProcessHandle.open(pid);
  const { identity } = opened;
  const found = ProcessHandle.find(identity);
  t.is(found?.pid, pid);
  t.is(ProcessHandle.find({ ...identity, startTime: identity.startTime + 1n }), undefined);
  t.is(ProcessHandle.find({ ...identity, bootId: "another" }), undefined);
  t.true(found?.kill("SIGKILL"));
  await Promise.all([kept(opened.ended), once(child, "exit")]);
  t.is(ProcessHandle.find(identity), undefined);
});

asRoot(
  "a command that prepares mounts outlives a held process that is killed, and it is known when it has ended",
  async (t) => {
    const fifo = join(folder, "fifo");
    await once(spawn("mkfifo", [fifo]), "exit");
    const setUp = `sh -c 'echo >${fifo}.begun; read -r go <${fifo}; :'`;
    const held = await launch({ ...plan, ownMounts: { setUp } }, { output: 2, inherited: [] });
    while (!existsSync(`${fifo}.begun`)) await delay(10);
    held.process.kill("SIGKILL");
    await kept(held.process.ended);
    let isOver = false;
    const left = held.left.then(() => {
      isOver = true;
    });
    await delay(20);
    t.false(isOver);
    await writeFile(fifo, "go\n");
    await kept(left);
  },
);

test("when the daemon dies, a released process lives on and a held one ends", async (t) => {
  const program = `
    import { launch } from ${JSON.stringify(new URL("./index.js", import.meta.url).href)};
    const plan = ${JSON.stringify({ ...plan, argv: ["/bin/sleep", "60"] })};
    const held = [await launch(plan, { output: 1, inherited: [] }), await launch(plan, { output: 1, inherited: [] })];
    held[0].release();
    setTimeout(() => { console.log(held.map((one) => one.process.pid).join(" ")); setInterval(() => {}, 1000); }, 100);`;
  const daemon = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(daemon.stdout, "data")) as [Buffer];
  const [released = 0, held = 0] = line.toString().trim().split(" ").map(Number);
  daemon.kill("SIGKILL");
  await once(daemon, "exit");
  for (let tries = 0; tries < 2400 && !hasEnded(readProcessStat(held)); tries++) await delay(50);
  t.true(hasEnded(readProcessStat(held)));
  t.false(hasEnded(readProcessStat(released)));
  process.kill(released, "SIGKILL");
});

test("the name of a process may hold anything", (t) => {
  const stat = parseProcessStat(
    "16135 (a) S 1 (b) S 15731 16134 16134 0 -1 138412160 36668 0 4 0 1120 108 0 0 20 0 5 0 270426 1745620992 71619 18446744073709551615 1 2 3 0 0 0 268444224 4096 16451 0 0 0 17 1 0 0",
  );
  t.like(stat, { state: "S", userTime: 11_200_000_000n, systemTime: 1_080_000_000n, startTime: 270426n, processor: 1 });
  t.is(parseProcessStat("1 (x) S 1"), undefined);
});
