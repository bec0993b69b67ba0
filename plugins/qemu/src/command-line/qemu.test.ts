import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseDomain } from "@polyvisor/sdk/conf";
import test from "ava";
import { CapabilitiesCache, findEmulator } from "../capabilities/index.js";
import { assignAliases, qemuHooks } from "../conf/index.js";
import { withImageChains } from "../start/images.js";
import { makeLive } from "../start/live-config.js";
import { PortAllocator } from "../start/ports.js";
import { hasQemuImg, makeImages } from "../testing/images.js";
import { runnableGuests } from "../testing/runnable-guests.js";
import { alignMemory, buildCommandLine, numberImages } from "./index.js";

// A real emulator takes our command lines: it starts, answers on its monitor, and has every device that we named.

const emulator = await findEmulator("x86_64");
const DEADLINE = 30_000;

/** The loader reads a kernel before the monitor answers, and the one of these guests is no kernel. */
const UNREADABLE = "a kernel";

if (emulator === undefined || !hasQemuImg()) {
  test.skip("needs qemu-system-x86_64 and qemu-img: an emulator takes our command lines", (t) => t.pass());
} else {
  const images = await makeImages();
  const caps = await new CapabilitiesCache(join(images.folder, "cache")).lookup(emulator);
  const hooks = qemuHooks(caps);
  const ports = new PortAllocator();
  test.after.always(() => images.remove());

  for (const [what, xml] of Object.entries(runnableGuests(images.folder))) {
    if (what === UNREADABLE) continue;
    test.serial(`QEMU starts: ${what}`, async (t) => {
      const folder = await mkdtemp(join(tmpdir(), "polyvisor-argv-"));
      t.teardown(() => rm(folder, { recursive: true, force: true }));
      const named = alignMemory(assignAliases(parseDomain(xml, { hooks, abiUpdate: true })));
      const live = await makeLive(await withImageChains(named), 1, folder, ports);
      const config = numberImages(live.config);
      const monitor = join(folder, "monitor.sock");
      const { argv, env } = buildCommandLine(config, caps, {
        libDir: folder,
        privileged: false,
        environment: process.env,
        monitor: { path: monitor },
        now: Math.floor(Date.now() / 1000),
      });
      // The key's file is made by whoever starts a guest; a folder without it is not what this is about.
      const [program = "", ...args] = argv.filter((word, at) => !isKey(word) && !isKey(argv[at + 1] ?? ""));
      const devices = new Set(await devicesOf(program, args, env, monitor));
      t.deepEqual(
        namesIn(args).filter((name) => !devices.has(name)),
        [],
      );
    });
  }
}

/** The names of the devices on a command line. */
function namesIn(args: readonly string[]): readonly string[] {
  return args.flatMap((word, at) => (args[at - 1] === "-device" ? (/"id":"([^"]+)"/.exec(word)?.[1] ?? []) : []));
}

function isKey(word: string): boolean {
  return word.includes('"id":"masterKey0"');
}

/** Starts the emulator, asks for the devices that have a name, and ends it. Fails with its words when it does not start. */
async function devicesOf(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  monitor: string,
): Promise<readonly string[]> {
  const child = spawn(program, args, { env, stdio: ["ignore", "ignore", "pipe"] });
  let words = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    words += text;
  });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const killer = setTimeout(() => child.kill("SIGKILL"), DEADLINE);
  try {
    const answer = await ask(monitor, () => child.exitCode === null && child.signalCode === null);
    if (answer === undefined) throw new Error(`the emulator ended: ${words}`);
    await ended;
    return answer;
  } finally {
    clearTimeout(killer);
    child.kill("SIGKILL");
  }
}

async function ask(monitor: string, lives: () => boolean): Promise<readonly string[] | undefined> {
  while (lives()) {
    const text = await talk(monitor).catch(() => undefined);
    if (text !== undefined) return [...text.matchAll(/"name": "([^"]+)"/g)].map(([, name]) => name ?? "");
    await delay(20);
  }
  return undefined;
}

const QUESTION = [{ execute: "qmp_capabilities" }, { execute: "qom-list", arguments: { path: "/machine/peripheral" } }];

/** What the emulator says until it has answered, which ends it. */
function talk(monitor: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = connect(monitor, () => {
      for (const command of QUESTION) socket.write(`${JSON.stringify(command)}\n`);
    });
    socket.setEncoding("utf8").on("data", (data: string) => {
      text += data;
      if (!text.includes('"return": [')) return;
      resolve(text);
      socket.write(`${JSON.stringify({ execute: "quit" })}\n`);
    });
    socket.on("error", reject).once("close", () => reject(new Error("the emulator went")));
  });
}
