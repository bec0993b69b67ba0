import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseDomain } from "@polyvisor/sdk/conf/domain";
import test from "ava";
import { CapabilitiesCache, findEmulator } from "../capabilities/index.js";
import { type JsonObject, namesOf, objectOf, objects } from "../capabilities/json.js";
import { assignAliases, qemuHooks } from "../conf/index.js";
import { withImageChains } from "../start/images.js";
import { makeLive } from "../start/live-config.js";
import { PortAllocator } from "../start/ports.js";
import { throttlesOf } from "../start/throttle.js";
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
      const limits = throttlesOf(config.devices.disks);
      const answers = await converse(program, args, env, monitor, [
        ...limits.map((each) => ({ execute: "block_set_io_throttle", arguments: each })),
        { execute: "qom-list", arguments: { path: "/machine/peripheral" } },
        { execute: "query-block" },
      ]);
      t.deepEqual(
        answers.filter((answer) => answer.error !== undefined),
        [],
      );
      const devices = namesOf(answers.at(-2)?.return);
      t.deepEqual(
        namesIn(args).filter((name) => !devices.has(name)),
        [],
      );
      const blocks = objects(answers.at(-1)?.return).map((block) => objectOf(block, "inserted"));
      for (const { bps } of limits) t.true(blocks.some((block) => block?.bps === bps));
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

interface Command {
  readonly execute: string;
  readonly arguments?: JsonObject;
}

/** Starts the emulator, tells it the commands, and ends it. Fails with its words when it does not start. */
async function converse(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  monitor: string,
  commands: readonly Command[],
): Promise<readonly JsonObject[]> {
  const child = spawn(program, args, { env, stdio: ["ignore", "ignore", "pipe"] });
  let words = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    words += text;
  });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const killer = setTimeout(() => child.kill("SIGKILL"), DEADLINE);
  try {
    while (child.exitCode === null && child.signalCode === null) {
      const answers = await talk(monitor, commands).catch(() => undefined);
      if (answers === undefined) await delay(20);
      else {
        await ended;
        return answers;
      }
    }
    throw new Error(`the emulator ended: ${words}`);
  } finally {
    clearTimeout(killer);
    child.kill("SIGKILL");
  }
}

/** What the emulator answers to each command; then it is told to end. */
function talk(monitor: string, commands: readonly Command[]): Promise<readonly JsonObject[]> {
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = connect(monitor, () => {
      for (const command of [{ execute: "qmp_capabilities" }, ...commands])
        socket.write(`${JSON.stringify(command)}\n`);
    });
    socket.setEncoding("utf8").on("data", (data: string) => {
      text += data;
      const lines = text.slice(0, text.lastIndexOf("\n") + 1).split("\n");
      const messages = lines.filter((line) => line.trim() !== "").map((line) => JSON.parse(line) as JsonObject);
      const answers = messages.filter((message) => message.return !== undefined || message.error !== undefined);
      if (answers.length <= commands.length) return;
      resolve(answers.slice(1));
      socket.write(`${JSON.stringify({ execute: "quit" })}\n`);
    });
    socket.on("error", reject).once("close", () => reject(new Error("the emulator went")));
  });
}
