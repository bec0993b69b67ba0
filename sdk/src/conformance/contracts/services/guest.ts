import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { type VirtError, wrapperRefusal } from "@polyvisor/core";
import type { Check } from "../../kit/index.js";

/** What the process does that becomes the guest: it says that it runs, and stays until it is killed. */
const GUEST = ["sh", "-c", 'echo "runs $0"; exec sleep 1000', "with 'odd' words"] as const;

export type GuestStart =
  | { readonly child: ChildProcess; readonly refusal?: undefined }
  | { readonly child?: undefined; readonly refusal: VirtError | undefined; readonly said: string };

/** Starts a process as a driver starts a guest, behind the words of a wrapper. It is killed when the case is over. */
export async function startGuest(check: Check, wrapper: readonly string[]): Promise<GuestStart> {
  const [command = "", ...args] = [...wrapper, ...GUEST];
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
  check.cleanup(() => endGuest(child));
  const said = { out: "", err: "" };
  child.stdout.on("data", (bytes: Buffer) => {
    said.out += bytes.toString();
  });
  child.stderr.on("data", (bytes: Buffer) => {
    said.err += bytes.toString();
  });
  let closed = false;
  // Where there is no such program, there is no `close` of a process but an `error`.
  child.once("error", (error) => {
    said.err += error.message;
    closed = true;
  });
  child.once("close", () => {
    closed = true;
  });
  await check.eventually("the guest runs or is refused", () => closed || said.out.includes("\n"));
  if (said.out.includes("\n")) {
    check.equal(said.out.split("\n")[0], `runs ${GUEST[3]}`, "the words that reach the guest");
    return { child };
  }
  return { refusal: wrapperRefusal(said.err), said: said.err };
}

/** Kills it, and waits until it is gone. */
export async function endGuest(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}
