import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { access, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { echoGuest, hasEmulator, hasLibvirtd, startLibvirtd } from "@polyvisor/sdk/testkit";
import test, { type ExecutionContext } from "ava";
import { runPolyvisord } from "./testing/daemon.js";

const BIN = fileURLToPath(new URL("../bin/polyvisor.js", import.meta.url));

interface Peer {
  readonly folder: string;
  readonly socket: string;
  stop(): Promise<void>;
}

interface Ended {
  readonly out: string;
  readonly err: string;
  readonly code: number | null;
}

function start(args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
  const clean = { ...process.env, POLYVISOR_URI: "", LIBVIRT_DEFAULT_URI: "", ...env };
  const child = spawn(process.execPath, [BIN, ...args], { env: clean, stdio: "pipe" });
  // A program that has ended reads no more of its input; how it ended is what the tests look at.
  child.stdin.on("error", () => {});
  return child;
}

async function ended(child: ChildProcess, input = ""): Promise<Ended> {
  child.stdin?.end(input);
  const [out, err, [code]] = await Promise.all([
    text(child.stdout as NodeJS.ReadableStream),
    text(child.stderr as NodeJS.ReadableStream),
    once(child, "exit") as Promise<[number | null]>,
  ]);
  return { out, err, code };
}

/** The program's end, whose error output is shown where the test did not expect it. */
function polyvisor(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  return ended(start(args, env));
}

async function out(t: ExecutionContext, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  const { out, err, code } = await polyvisor(args, env);
  t.deepEqual({ code, err }, { code: 0, err: "" }, args.join(" "));
  return out;
}

/** polyvisord, where it is installed beside this package. */
async function startPolyvisord(): Promise<Peer> {
  const folder = await mkdtemp(join(tmpdir(), "polyvisord-"));
  const end = await runPolyvisord(folder);
  return {
    folder,
    socket: join(folder, "run/libvirt/libvirt-sock"),
    async stop() {
      await end();
      await rm(folder, { recursive: true });
    },
  };
}

async function isInstalled(program: string): Promise<boolean> {
  try {
    await access(program);
    return true;
  } catch {
    return false;
  }
}

const libvirtd = await hasLibvirtd();
const guests = await hasEmulator();
const virsh = await isInstalled("/usr/bin/virsh");
const PEERS: readonly [name: string, starts: () => Promise<Peer>][] = [
  ["polyvisord", startPolyvisord],
  ...(libvirtd ? [["libvirtd", startLibvirtd] as [string, () => Promise<Peer>]] : []),
];
if (!libvirtd) test.skip("no libvirtd is installed, so the program is not tried with one", () => {});

const running = new Map<string, Promise<Peer>>();
function peer(name: string, starts: () => Promise<Peer>): Promise<Peer> {
  const found = running.get(name) ?? starts();
  running.set(name, found);
  return found;
}
const staying: ChildProcess[] = [];
test.after.always(async () => {
  for (const child of staying) child.kill("SIGTERM");
  for (const started of running.values()) await (await started).stop();
});

const xml = (name: string) =>
  `<domain type='test'><name>${name}</name><memory>8192</memory><os><type>hvm</type></os></domain>`;

for (const [name, starts] of PEERS) {
  /** The URI of the test hypervisor at the peer; it keeps state while one of its clients stays. */
  let made: Promise<{ readonly folder: string; readonly uri: string }> | undefined;
  const place = (t: ExecutionContext) => {
    made ??= makePlace(t);
    return made;
  };
  const makePlace = async (t: ExecutionContext) => {
    const { folder, socket } = await peer(name, starts);
    const uri = `test+unix:///default?socket=${socket}`;
    const stays = start(["-c", uri, "events"]);
    staying.push(stays);
    const marker = join(folder, "marker.xml");
    await writeFile(marker, xml("marker"));
    await until(async () => {
      await out(t, ["-c", uri, "define", marker]);
      return (await out(t, ["-c", uri, "list", "--all"])).includes("marker");
    });
    await out(t, ["-c", uri, "undefine", "marker"]);
    return { folder, uri };
  };

  test.serial(`${name}: a domain goes through its life, and each step says what it did`, async (t) => {
    const { folder, uri } = await place(t);
    const on = (...args: string[]) => out(t, ["-c", uri, ...args]);
    await until(async () => (await on("list")).includes("test"));
    const file = join(folder, "life.xml");
    await writeFile(file, xml("life"));
    t.is(await on("define", file), `Domain 'life' defined from ${file}\n`);
    t.regex(await on("list", "--all"), /^ - {4}life {3}shut off$/m);
    t.notRegex(await on("list"), /life/);
    t.is(await on("start", "life"), "Domain 'life' started\n");
    t.is(await on("suspend", "life"), "Domain 'life' suspended\n");
    const listed = JSON.parse(await on("list", "--json")) as { name: string; id: number }[];
    const found = listed.find((entry) => entry.name === "life");
    t.like(found, { state: "paused" });
    t.is(await on("resume", `${found?.id}`), "Domain 'life' resumed\n");
    t.regex(
      await on("dumpxml", "life"),
      /^<domain type='test' id='\d+'>\n {2}<name>life<\/name>\n(.*\n)*<\/domain>\n$/,
    );
    t.regex(await on("dumpxml", "life", "--inactive"), /^<domain type='test'>\n/);
    t.is(await on("stop", "life", "--force"), "Domain 'life' destroyed\n");
    t.is(await on("undefine", "life"), "Domain 'life' has been undefined\n");
    t.notRegex(await on("list", "--all"), /life/);
  });

  test.serial(`${name}: the list is a table`, async (t) => {
    const { uri } = await place(t);
    const lines = (await out(t, ["-c", uri, "list"])).split("\n");
    t.deepEqual(lines.slice(0, 3), [" Id   Name   State", "----------------------", " 1    test   running"]);
  });

  test.serial(`${name}: what fails says why and what to do, and exits with 1`, async (t) => {
    const { uri } = await place(t);
    const { err, code, out: printed } = await polyvisor(["-c", uri, "start", "no-such"]);
    t.is(code, 1);
    t.is(printed, "");
    t.regex(err, /^polyvisor: Domain not found.*\nhint: .*list --all.* shows? .*domains?.*\n$/);
    const denied = await polyvisor(["-c", uri, "--readonly", "suspend", "test"]);
    t.is(denied.code, 1);
    t.regex(denied.err, /^polyvisor: operation forbidden: .*\nhint: .+\n$/);
  });

  test.serial(`${name}: a document may come from standard input, and one that is none changes nothing`, async (t) => {
    const { uri } = await place(t);
    const bad = await ended(start(["-c", uri, "define", "-"]), "<domain>");
    t.is(bad.code, 1);
    t.regex(bad.err, /^polyvisor: /);
    const good = await ended(start(["-c", uri, "define", "-"]), xml("piped"));
    t.is(good.out, "Domain 'piped' defined from -\n", good.err);
    await out(t, ["-c", uri, "undefine", "piped"]);
  });

  test.serial(`${name}: events are told in words, or as JSON, until the interrupt`, async (t) => {
    const { uri, folder } = await place(t);
    const file = join(folder, "told.xml");
    await writeFile(file, xml("told"));
    const words = listen(["-c", uri, "events", "--timestamp"], "told");
    const json = listen(["-c", uri, "events", "--json"], "told");
    await until(async () => {
      await out(t, ["-c", uri, "define", file]);
      await out(t, ["-c", uri, "undefine", "told"]);
      return words.lines.length > 1 && json.lines.length > 1;
    });
    for (const { child } of [words, json]) {
      const exit = once(child, "exit");
      child.kill("SIGINT");
      t.deepEqual(await exit, [0, null]);
    }
    const [defined, undefined_] = words.lines.slice(-2);
    const time = String.raw`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}\+0000: `;
    t.regex(defined ?? "", new RegExp(`^${time}event 'lifecycle' for domain 'told': Defined Added$`));
    t.regex(undefined_ ?? "", new RegExp(`^${time}event 'lifecycle' for domain 'told': Undefined Removed$`));
    t.like(JSON.parse(json.lines.at(-1) ?? ""), { kind: "lifecycle", event: 1, detail: 0, dom: { name: "told" } });
  });

  test.serial(`${name}: versions of this program, of the API and of the hypervisor`, async (t) => {
    const { uri } = await place(t);
    t.regex(
      await out(t, ["-c", uri, "version"]),
      /^polyvisor: \d+\.\d+\.\d+\nAPI of the daemon: libvirt 9\.0\.0\nHypervisor: TEST \d+\.\d+\.\d+ at test:\/\/\/default\n$/,
    );
  });

  (virsh ? test.serial : test.serial.skip)(`${name}: the list is the one that virsh prints`, async (t) => {
    const { uri } = await place(t);
    for (const args of [["list"], ["list", "--all"]]) {
      const theirs = await ended(spawn("virsh", ["-c", uri, ...args]));
      t.is((await out(t, ["-c", uri, ...args])).trimEnd(), theirs.out.trimEnd());
    }
  });
}

test.serial(
  "the URI is the option's, else POLYVISOR_URI's, else LIBVIRT_DEFAULT_URI's; --root is polyvisord's",
  async (t) => {
    const { folder, socket } = await peer("polyvisord", startPolyvisord);
    const uri = `test+unix:///default?socket=${socket}`;
    const shows = /^ 1 {4}test {3}running$/m;
    t.regex(await out(t, ["list"], { POLYVISOR_URI: uri, LIBVIRT_DEFAULT_URI: "nope:///" }), shows);
    t.regex(await out(t, ["list"], { LIBVIRT_DEFAULT_URI: uri }), shows);
    t.regex(await out(t, ["-c", uri, "list"], { POLYVISOR_URI: "nope:///" }), shows);
    t.regex(await out(t, ["--root", folder, "-c", "test:///default", "list"], { POLYVISOR_URI: "nope:///" }), shows);
    t.regex(await out(t, ["--root", folder, "-r", "-c", "test:///default", "list"]), shows);
    t.regex(await out(t, ["--root", folder, "version"], { POLYVISOR_URI: "nope:///" }), /^Hypervisor: \w+/m);
  },
);

test.serial("a command line that cannot be meant exits with 2 and points to the help", async (t) => {
  const rows: [args: string[], words: RegExp][] = [
    [[], /^polyvisor: a command is missing$/m],
    [["frobnicate"], /^polyvisor: unknown command frobnicate$/m],
    [["start"], /^polyvisor: missing required args/m],
    [["start", "a", "b"], /^polyvisor: Unused args: `b`$/m],
    [["list", "--frob"], /^polyvisor: Unknown option `--frob`$/m],
    [["list", "-c"], /^polyvisor: option `-c, --connect <uri>` value is missing$/m],
    [["--root", "/r", "-c", "test+unix:///", "list"], /^polyvisor: --root and test\+unix:\/\/\/ both name a daemon$/m],
  ];
  for (const [args, words] of rows) {
    const { code, err, out: printed } = await polyvisor(args);
    t.is(code, 2, args.join(" "));
    t.is(printed, "");
    t.regex(err, words);
    t.regex(err, /^hint: polyvisor --help shows the commands$/m);
  }
});

test.serial("help names every command, and a command's help its options", async (t) => {
  const help = await out(t, ["--help"]);
  for (const command of [
    "list",
    "start <name>",
    "stop <name>",
    "define <file>",
    "console <name>",
    "events",
    "plugins",
    "plugin-replace <name> [folder]",
  ])
    t.true(help.includes(`  ${command} `), command);
  t.regex(await out(t, ["start", "--help"]), /--paused +Leave it paused/);
  t.regex(await out(t, ["--version"]), /^polyvisor\/\d+\.\d+\.\d+ /);
});

test.serial("a daemon that is not there is named, with what to do", async (t) => {
  const { code, err } = await polyvisor(["--root", "/nowhere", "list"]);
  t.is(code, 1);
  t.regex(
    err,
    /^polyvisor: Failed to connect socket to '\/nowhere\/run\/libvirt\/libvirt-sock': No such file or directory$/m,
  );
  t.regex(err, /^hint: .*start polyvisord/m);
});

(libvirtd && guests ? test.serial : test.serial.skip)(
  "libvirtd: a console in a real terminal echoes, and ^] leaves it",
  async (t) => {
    t.timeout(60_000);
    const { folder, socket } = await peer("libvirtd", startLibvirtd);
    const uri = `qemu+unix:///session?socket=${socket}`;
    const name = `cli-${process.pid}`;
    const file = join(folder, `${name}.xml`);
    await writeFile(file, await echoGuest(folder, name));
    await out(t, ["-c", uri, "define", file]);
    t.teardown(async () => {
      await polyvisor(["-c", uri, "stop", name, "--force"]);
      await polyvisor(["-c", uri, "undefine", name]);
    });
    const command = `${process.execPath} ${BIN} -c '${uri}' start ${name} --console; echo "left with $?"`;
    const terminal = spawn("script", ["-qec", command, "/dev/null"], { stdio: "pipe" });
    terminal.stdin.on("error", () => {});
    let screen = "";
    terminal.stdout.on("data", (chunk: Buffer) => {
      screen += chunk.toString("latin1");
    });
    // A raw terminal echoes nothing itself: what shows up was sent back by the guest. ^C is the guest's, too.
    await until(async () => {
      if (screen.includes("Escape character is ^]")) terminal.stdin.write("ping\x03\r");
      await delay(100);
      return screen.includes("ping\x03\r");
    });
    const exit = once(terminal, "exit");
    terminal.stdin.write("\x1d");
    await exit;
    t.regex(screen, new RegExp(`^Domain '${name}' started\r\nConnected to domain '${name}'\r\nEscape character is`));
    t.regex(screen, /left with 0\r\n$/);
    t.regex(await out(t, ["-c", uri, "list"]), new RegExp(` ${name} +running`), "the guest was let go on");
  },
);

interface Listener {
  readonly child: ChildProcess;
  readonly lines: string[];
}

/** Runs the program and collects those lines of its output that have the word. */
function listen(args: readonly string[], word: string): Listener {
  const child = start(args);
  const lines: string[] = [];
  createInterface(child.stdout as NodeJS.ReadableStream).on("line", (line) => {
    if (line.includes(word)) lines.push(line);
  });
  return { child, lines };
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 120_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error("it does not come about");
    await delay(50);
  }
}
