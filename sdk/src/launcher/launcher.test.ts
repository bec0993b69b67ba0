import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, open, readdir, readFile, readlink, rm } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { type ErrorName, wrapperRefusal } from "@polyvisor/core";
import test, { type ExecutionContext } from "ava";
import { type LaunchPlan, launch } from "../process/index.js";
import { launcherWords } from "./index.js";

const STEPS = new URL("testing/toy-steps.cjs", import.meta.url);
const PATH = "/usr/sbin:/usr/bin:/sbin:/bin";

/** The words of a launcher that does what the toy is told; the plan's text has whatever a plan may have. */
function words(plan: Readonly<Record<string, unknown>>, deadline = 120_000): string[] {
  return launcherWords({ steps: STEPS, plan: { says: 'plan "ä"\n', ...plan }, deadline });
}

async function folderOf(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "launcher-"));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** What the kernel says of a process that must not depend on how it came to be. */
async function portrait(pid: number) {
  const read = (name: string) => readFile(`/proc/${pid}/${name}`, "latin1");
  const changing =
    /^(Pid|Tgid|NStgid|NSpid|NSpgid|NSsid|PPid|Vm\w+|Rss\w+|\w+_ctxt_switches|Threads|SigQ|Speculation_\w+):/;
  const status = (await read("status")).split("\n").filter((line) => !changing.test(line));
  const fds: Record<string, string> = {};
  for (const fd of await readdir(`/proc/${pid}/fd`)) {
    const flags = /flags:\t(\d+)/.exec(await read(`fdinfo/${fd}`))?.[1];
    fds[fd] = `${basename(await readlink(`/proc/${pid}/fd/${fd}`)).replace(/\[\d+\]/, "")} ${flags}`;
  }
  return {
    status,
    fds,
    limits: await read("limits"),
    environ: (await read("environ"))
      .split("\0")
      .filter((each) => !each.startsWith("HOME="))
      .sort(),
    cmdline: await read("cmdline"),
    cwd: await readlink(`/proc/${pid}/cwd`),
  };
}

async function portraitOfGuest(t: ExecutionContext, wrapper: readonly string[]) {
  const folder = await folderOf(t);
  await promisify(execFile)("mkfifo", [join(folder, "never")]);
  const output = await open(join(folder, "output"), "w+");
  const zero = await open("/dev/zero");
  t.teardown(() => Promise.all([output.close(), zero.close()]));
  const plan: LaunchPlan = {
    // From its word on until somebody writes into the pipe, the shell does nothing.
    argv: ["/bin/sh", "-c", 'echo here; read -r line <"$HOME/never"', "sh", "a b", ""],
    env: { PATH, HOME: folder, EMPTY: "", ODD: "a=b 'ä' \\ \n" },
    umask: 0o027,
    limits: [{ resource: "nofile", soft: 777, hard: 999 }],
    noNewPrivileges: true,
    ownMounts: false,
    wrapper,
  };
  const held = await launch(plan, { output: output.fd, inherited: [zero.fd, zero.fd] });
  t.teardown(() => held.process.kill("SIGKILL"));
  held.release();
  while ((await output.stat()).size === 0) await new Promise((look) => setTimeout(look, 10));
  return portrait(held.process.pid);
}

test("a guest is the same with a launcher and without, but for what the launcher keeps", async (t) => {
  const path = join(await folderOf(t), "peer");
  const server = createServer((socket) => socket.write("ok")).listen(path);
  t.teardown(() => server.close());
  await once(server, "listening");
  const plain = await portraitOfGuest(t, []);
  t.deepEqual(await portraitOfGuest(t, words({})), plain);
  const { fds, ...rest } = await portraitOfGuest(t, words({ path }));
  const { fds: inherited, ...others } = plain;
  t.deepEqual(rest, others);
  const kept = Object.entries(fds).filter(([fd]) => !(fd in inherited));
  t.deepEqual(Object.fromEntries(Object.entries(fds).filter(([fd]) => fd in inherited)), inherited);
  t.like(kept, { length: 1 });
  t.regex(kept[0]?.[1] ?? "", /^socket: /);
});

/** Starts a command behind a launcher, with some signals ignored. */
function start(
  t: ExecutionContext,
  plan: Readonly<Record<string, unknown>>,
  command: readonly string[],
  deadline?: number,
) {
  const script = 'trap "" HUP PIPE; exec "$@"';
  const child = spawn("/bin/sh", ["-c", script, "sh", ...words(plan, deadline), ...command], {
    env: { PATH },
    stdio: ["ignore", "pipe", "pipe"],
  });
  t.teardown(() => child.kill("SIGKILL"));
  return child;
}

async function ended(child: ChildProcess): Promise<{ readonly out: string; readonly err: string }> {
  const said = { out: "", err: "" };
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    said.out += text;
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    said.err += text;
  });
  await once(child, "close");
  return said;
}

test("signals that were ignored stay so", async (t) => {
  const { out, err } = await ended(start(t, {}, ["/bin/cat", "/proc/self/status"]));
  t.is(err, "");
  // SIGHUP is 1, SIGPIPE 13.
  t.regex(out, /^SigBlk:\t0{16}\nSigIgn:\t0{12}1001$/m);
});

test("words arrive byte by byte", async (t) => {
  const odd = ["a b", "", "ä\n", "'\"\\$(x)", "-x", "x".repeat(100_000)];
  const { out, err } = await ended(start(t, { long: "y".repeat(200_000) }, ["/usr/bin/printf", "%s|", ...odd]));
  t.is(err, "");
  t.is(out, odd.map((word) => `${word}|`).join(""));
});

const REFUSALS: Readonly<Record<string, readonly [plan: Record<string, unknown>, code: ErrorName, words: RegExp]>> = {
  "what the steps refuse": [{ refuse: "one\nthing" }, "RESOURCE_BUSY", /^one thing$/],
  "steps that fail": [{ fails: true }, "INTERNAL_ERROR", /launcher fails: the steps fail$/],
  "a peer that is not there": [{ path: "/nowhere/s" }, "SYSTEM_ERROR", /'\/nowhere\/s': No such file or directory$/],
  "a path that no socket can have": [{ path: `/${"x".repeat(200)}` }, "INTERNAL_ERROR", /too long for unix socket$/],
};

for (const [what, [plan, code, said]] of Object.entries(REFUSALS)) {
  test(`the guest does not start, and its error says why: ${what}`, async (t) => {
    const { out, err } = await ended(start(t, plan, ["/bin/echo", "runs"]));
    t.is(out, "");
    const refusal = wrapperRefusal(err);
    t.is(refusal?.code, code);
    t.regex(refusal?.detail ?? "", said);
  });
}

test("a program that is not there is told of", async (t) => {
  const { err } = await ended(start(t, {}, ["/no/such/emulator"]));
  t.regex(wrapperRefusal(err)?.message ?? "", /Cannot run '\/no\/such\/emulator': No such file or directory/);
});

/** A mock of a daemon: what it does with one that has come. */
const PEERS: Readonly<Record<string, readonly [meet: (socket: Socket) => void, code: ErrorName]>> = {
  "hangs up": [(socket) => socket.once("data", () => socket.destroy()), "SYSTEM_ERROR"],
  "says half of it and hangs up": [(socket) => socket.end("o"), "SYSTEM_ERROR"],
  refuses: [(socket) => socket.write("no"), "OPERATION_DENIED"],
  "says nothing": [() => {}, "OPERATION_TIMEOUT"],
};

for (const [what, [meet, code]] of Object.entries(PEERS)) {
  test(`a mock of a daemon that ${what} is no reason to wait for ever`, async (t) => {
    const path = join(await folderOf(t), "peer");
    const server = createServer((socket) => {
      socket.on("error", () => {});
      meet(socket);
    }).listen(path);
    t.teardown(() => server.close());
    await once(server, "listening");
    const deadline = code === "OPERATION_TIMEOUT" ? 1000 : undefined;
    const { out, err } = await ended(start(t, { path }, ["/bin/echo", "runs"], deadline));
    t.is(out, "");
    t.is(wrapperRefusal(err)?.code, code, err);
  });
}

test("a connection is the guest's, and ends with it", async (t) => {
  const path = join(await folderOf(t), "peer");
  const server = createServer().listen(path);
  t.teardown(() => server.close());
  await once(server, "listening");
  const child = start(t, { path }, ["/bin/sh", "-c", "echo runs; exec sleep 1000"]);
  const [socket] = (await once(server, "connection")) as [Socket];
  const [pid] = (await once(socket, "data")) as [Buffer];
  t.is(Number(pid), child.pid ?? 0);
  socket.write("ok");
  await once(child.stdout, "data");
  child.kill("SIGKILL");
  socket.resume();
  await once(socket, "close");
});
