import { readdir, rm } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { processesOf } from "./host.mjs";
import { asPaused, asResumed, booted, CRASHED, isPaused, off } from "./world.mjs";

/** How long an emulator is given to do what it was told. */
const ENDING_MS = 3000;
/** Longer than a new daemon makes its clients wait for guests. */
const FROZEN_MS = 5000;

const runs = ({ worlds }) => worlds.some(({ run }) => run !== undefined);
/** Of which everything is known. */
const surely = (lane, condition) => lane.worlds.length === 1 && condition(lane.world.run);
const isRunning = (run) => run !== undefined && !isPaused(run);

function ended(lane) {
  lane.ended = surely(lane, (run) => run !== undefined) ? CRASHED : undefined;
  lane.worlds = lane.worlds.map(off);
}

/**
 * What happens to a guest while no daemon runs. Each changes what the domain may be like.
 *
 * @type {Record<string, { can: (lane: import("./lane.mjs").Lane) => boolean, act: (lane: any, emulator: any, root: string) => Promise<void> }>}
 */
const DEEDS = {
  killed: {
    can: runs,
    async act(lane, { pid }, root) {
      process.kill(pid, "SIGKILL");
      await gone(root, pid);
      ended(lane);
    },
  },
  quit: {
    can: (lane) => surely(lane, (run) => run !== undefined),
    async act(lane, { pid }, root) {
      await tellMonitor(root, lane, "quit");
      await gone(root, pid);
      ended(lane);
    },
  },
  stopped: {
    can: (lane) => surely(lane, isRunning),
    async act(lane, _emulator, root) {
      await tellMonitor(root, lane, "stop");
      lane.worlds = [{ ...lane.world, run: asPaused(lane.world.run) }];
    },
  },
  continued: {
    can: (lane) => surely(lane, isPaused),
    async act(lane, _emulator, root) {
      await tellMonitor(root, lane, "cont");
      lane.worlds = [{ ...lane.world, run: asResumed(lane.world.run) }];
    },
  },
  "turned off": {
    can: (lane) => lane.kind.obeys && surely(lane, isRunning),
    async act(lane, _emulator, root) {
      await tellMonitor(root, lane, "system_powerdown");
      lane.restless = true;
      lane.worlds = [lane.world, off(lane.world)];
    },
  },
  /** It answers nothing for a while after the daemon has come back. */
  frozen: {
    can: runs,
    async act(lane, { pid }) {
      process.kill(pid, "SIGSTOP");
      // What it was told last waits for it, and until then it shows as what it was.
      if (lane.worlds.length > 1) lane.restless = true;
      setTimeout(() => process.kill(pid, "SIGCONT"), FROZEN_MS);
    },
  },
};

/** Does something to one guest. @returns {Promise<string | undefined>} what it was */
export async function meddle(soak, random) {
  const emulators = new Map((await processesOf(soak.root)).map((each) => [each.uuid, each]));
  const open = soak.lanes
    .filter((lane) => emulators.has(lane.kind.uuid))
    .flatMap((lane) =>
      Object.entries(DEEDS)
        .filter(([, { can }]) => can(lane))
        .map(([name, { act }]) => ({ lane, name, act })),
    );
  if (open.length === 0) return undefined;
  const { lane, name, act } = random.pick(open);
  soak.trace(`${lane.name} is ${name} while no daemon runs`);
  await act(lane, emulators.get(lane.kind.uuid), soak.root);
  return name;
}

/** As after a boot of the host: the mark of what was started by itself is gone, and so that is started once more. */
export async function forgetAutostart(soak) {
  await rm(join(soak.root, "run/libvirt/qemu/autostarted"), { force: true });
  for (const lane of soak.lanes) {
    const started = lane.worlds
      .filter(({ autostart, run }) => autostart && run === undefined)
      .map((world) => ({ ...world, run: booted(world.definition.rev) }));
    if (started.length === 0) continue;
    lane.worlds = [...lane.worlds, ...started];
    lane.starting = true;
    lane.ended = undefined;
  }
}

async function gone(root, pid) {
  const deadline = performance.now() + ENDING_MS;
  while ((await processesOf(root)).some((each) => each.pid === pid)) {
    if (performance.now() > deadline) throw new Error(`the process ${pid} does not end`);
    await sleep(10);
  }
}

/** Says one command to a monitor that no daemon holds. */
async function tellMonitor(root, lane, command) {
  const lib = join(root, "var/lib/libvirt/qemu");
  const folder = (await readdir(lib)).find((name) =>
    new RegExp(`^domain-${lane.world.run.id}-${lane.name}$`).test(name),
  );
  if (folder === undefined) throw new Error(`${lane.name} runs without a folder`);
  const socket = connect(join(lib, folder, "monitor.sock"));
  let said = "";
  socket.setEncoding("utf8").on("data", (text) => {
    said += text;
    if (said.split('"return"').length > 2) socket.end();
  });
  // One that is told to end resets the connection.
  socket.on("error", () => {});
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.write(`{"execute":"qmp_capabilities"}\n{"execute":"${command}"}\n`);
  await closed;
}
