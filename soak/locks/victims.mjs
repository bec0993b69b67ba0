import { readlink } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { peerCredentials } from "@polyvisor/sdk/process";
import { pidFileOf, processesOf } from "../kill/host.mjs";

/** What is killed, in the phases in which it can be there. The manager is the soak's own child. */
export const VICTIMS = ["lock daemon", "log daemon", "manager", "launcher", "emulator"];

/** @returns {Promise<boolean>} whether there was one to be killed */
export async function kill(victim, { root, daemon }) {
  if (victim === "manager") {
    await daemon.end("SIGKILL");
    return true;
  }
  const pid = await find(victim, root);
  if (pid === undefined) return false;
  try {
    process.kill(pid, "SIGKILL");
    return true;
  } catch {
    return false;
  }
}

async function find(victim, root) {
  if (victim === "lock daemon") return servantOf(join(root, "run/libvirt/virtlockd-sock"));
  if (victim === "log daemon") return servantOf(join(root, "run/libvirt/virtlogd-sock"));
  return victim === "launcher" ? launcherOf(root) : emulatorOf(root);
}

/** Who serves a socket, if anybody does. @returns {Promise<number | undefined>} */
function servantOf(path) {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("error", () => resolve(undefined));
    socket.once("connect", () => {
      resolve(peerCredentials(socket).pid);
      socket.destroy();
    });
  });
}

/** The hero's emulator, if it runs. @returns {Promise<number | undefined>} its pid */
export async function emulatorOf(root) {
  const pid = await pidFileOf(root, "hero");
  return Number.isInteger(pid) && pid > 0 && (await isEmulator(pid)) ? pid : undefined;
}

/** The guest's process before it becomes the emulator: it runs Node for a moment. */
async function launcherOf(root) {
  const deadline = performance.now() + 2000;
  while (performance.now() < deadline) {
    const found = (await processesOf(root)).find(({ argv }) => isLauncher(argv));
    if (found !== undefined) return found.pid;
    await sleep(1);
  }
  return undefined;
}

function isLauncher(argv) {
  return argv.some((word) => word.includes("launcher")) && argv.some((word) => word.includes("guest=hero"));
}

const isEmulator = (pid) =>
  readlink(`/proc/${pid}/exe`).then(
    (path) => /qemu-system/.test(path),
    () => false,
  );
