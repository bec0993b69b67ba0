import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { outputOf } from "../../test/dist/harness/command.js";
import { containerXml } from "../../test/dist/harness/containers.js";
import { until } from "../../test/dist/harness/processes.js";
import { startAnswering } from "./daemon.mjs";
import { leftOf, PREFIX } from "./left.mjs";

const NAME = `${PREFIX}-victim`;
/** What is killed: the daemon, a part of the container, or a part while no daemon is there. */
const VICTIMS = ["daemon", "shim", "engine", "init", "keeper"];
/** The moment within a start or a stop, or in between, in milliseconds. */
const WITHIN = { start: 350, stop: 150, run: 700 };

/** How long a part is waited for that is to be killed. */
const APPEARS_MS = 300;

/** The document of a container that has something of everything: a card, a file behind a loop device, memory, two terminals. */
async function victimXml({ folder, root, hasLoops }) {
  const image = join(folder, "image");
  await writeFile(image, "");
  await outputOf("truncate", ["-s", "8M", image]);
  await outputOf("mke2fs", ["-q", "-F", image]);
  const file = `<filesystem type='file'><driver type='loop' format='raw'/><source file='${image}'/><target dir='/mnt'/></filesystem>`;
  const devices = `${hasLoops ? file : ""}
    <filesystem type='ram'><source usage='1024' units='KiB'/><target dir='/run'/></filesystem>
    <interface type='bridge'><source bridge='br0'/><ip address='10.1.1.3' prefix='24'/></interface><console type='pty'/>`;
  return containerXml({ name: NAME, root, devices });
}

/** Kills at random moments, and looks each time whether the container runs as a whole or is gone as a whole. */
export class Kills {
  #parts;
  figures = { daemon: 0, shim: 0, engine: 0, init: 0, keeper: 0, "not there": 0, "runs on": 0, gone: 0 };

  constructor(parts) {
    this.#parts = parts;
  }

  async run(count) {
    const { daemon, virsh, random, faults, log } = this.#parts;
    await startAnswering({ daemon, virsh });
    await virsh.define(await victimXml(this.#parts));
    for (let round = 1; round <= count && faults.length < 5; round++) {
      const plan = {
        victim: random.chance(0.4) ? "daemon" : random.pick(VICTIMS.slice(1)),
        during: random.pick(["start", "start", "stop", "run"]),
        alone: random.chance(0.2),
      };
      plan.after = random.below(WITHIN[plan.during]);
      await this.#round(plan).catch(async (error) => {
        const left = await leftOf(this.#parts);
        faults.push(`kill ${round}, ${JSON.stringify(plan)}: ${error.message}; ${left.join(", ")}`);
        log(faults.at(-1));
        await this.#startOver();
      });
      if (round % 20 === 0) log(`${round} of ${count} kills: ${JSON.stringify(this.figures)}`);
    }
    if ((await this.#state()) === "running") await virsh.ok("destroy", NAME);
    await virsh.ok("undefine", NAME);
    await this.#isGone();
    await daemon.end("SIGTERM");
  }

  async #round({ victim, during, after, alone }) {
    const { daemon, virsh } = this.#parts;
    const wants = during === "start" ? "shut off" : "running";
    if ((await this.#state()) !== wants) {
      await virsh.ok(wants === "running" ? "start" : "destroy", NAME);
      if (wants === "shut off") await this.#isGone();
    }
    const call = during === "run" ? undefined : virsh.run(during === "stop" ? "destroy" : "start", NAME);
    await sleep(after);
    const isDaemonGone = victim === "daemon" || alone;
    if (isDaemonGone) await daemon.end("SIGKILL");
    if (victim === "daemon") this.figures.daemon++;
    else await this.#killPart(victim);
    await call;
    if (isDaemonGone) await startAnswering({ daemon, virsh });
    await this.#check();
  }

  /** A part that is not there yet is hit as soon as it is; it may never be. */
  async #killPart(part) {
    let pid;
    for (const end = Date.now() + APPEARS_MS; pid === undefined && Date.now() < end; await sleep(2))
      pid = await partOf(this.#parts, part);
    try {
      if (pid === undefined) throw new Error("it is not there");
      process.kill(pid, "SIGKILL");
      this.figures[part]++;
    } catch {
      this.figures["not there"]++;
    }
  }

  /** Whatever was hit, the container settles: it runs with all that belongs to it, or there is nothing of it. */
  async #check() {
    let last = "";
    let isOn = false;
    await until("the container is whole or gone", async () => {
      isOn = (await this.#state()) === "running";
      last = isOn ? await this.#brokenPart() : (await leftOf(this.#parts)).join(", ");
      return last === "";
    }).catch((error) => {
      throw new Error(`${error.message}: ${isOn ? "on" : "off"}, ${last}`);
    });
    this.figures[isOn ? "runs on" : "gone"]++;
  }

  async #brokenPart() {
    const { virsh } = this.#parts;
    const { code, stdout, stderr } = await virsh.run("lxc-enter-namespace", NAME, "--noseclabel", "/bin/ls", "/");
    if (code !== 0 || !stdout.includes("bin")) return `nothing runs in it: ${stderr}`;
    for (const part of VICTIMS.slice(1)) if ((await partOf(this.#parts, part)) === undefined) return `no ${part}`;
    return "";
  }

  async #isGone() {
    await until("nothing is left", async () => (await leftOf(this.#parts)).length === 0);
  }

  async #state() {
    return (await this.#parts.virsh.ok("domstate", NAME)).trim();
  }

  /** The next round is not to find the faults of this one. */
  async #startOver() {
    const { daemon, virsh } = this.#parts;
    await daemon.end("SIGKILL");
    await startAnswering({ daemon, virsh });
    await virsh.run("destroy", NAME);
  }
}

/** The pid of a part of the container as it is now. */
async function partOf({ daemon }, part) {
  const folder = join(daemon.root, `run/libvirt/lxc/${NAME}.container`);
  if (part === "init") return (await jsonIn(join(folder, "engine/container/status")))?.pid;
  const shim = (await jsonIn(join(folder, "record.json")))?.shim?.pid;
  if (part === "shim" || shim === undefined) return shim;
  // The shim's own words name the others, too: it is the program itself that is looked for.
  const isPart =
    part === "engine"
      ? ([program]) => /\/(crun|runc)$/.test(program)
      : ([program, ...words]) => /\bnode$/.test(program) && words.some((word) => word.endsWith("keeper.cjs"));
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")));
  const at = lines.findIndex((line) => line.includes(folder) && isPart(line.split("\0")));
  return at < 0 ? undefined : Number(pids[at]);
}

async function jsonIn(path) {
  try {
    return JSON.parse(await readFile(path, "utf8"));
  } catch {
    return undefined;
  }
}
