/**
 * What the process does that becomes a guest: it makes itself known to sanlock, takes its leases, and may ask for nothing
 * more. The guest inherits the connection, whose end sanlock takes for the guest's.
 */
import type { LauncherConnection, LauncherTools } from "@polyvisor/sdk/launcher" with { "resolution-mode": "import" };

type Plan = import("./launcher-plan.js", { with: { "resolution-mode": "import" }}).LauncherPlan;

import results = require("./wire/results.cjs");

const HEADER_BYTES = 32;
const RETRY_MS = 100;

/** Sends a frame and waits for its result. */
function ask(connection: LauncherConnection, frame: string): number {
  connection.send(Buffer.from(frame, "base64"));
  const header = connection.receive(HEADER_BYTES);
  connection.receive(header.readUInt32LE(16) - HEADER_BYTES);
  return header.readInt32LE(24);
}

function acquire(connection: LauncherConnection, frame: string, until: number): number {
  for (;;) {
    const result = ask(connection, frame);
    if (!results.isForNow(result) || Date.now() >= until) return result;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
  }
}

function steps(plan: Plan, tools: LauncherTools): void {
  const until = Date.now() + plan.patience;
  const connection = tools.connect(plan.socket);
  connection.send(Buffer.from(plan.register, "base64"));
  if (plan.killpath !== null) {
    const result = ask(connection, plan.killpath);
    if (result < 0)
      tools.refuse("INTERNAL_ERROR", `Failed to register lock failure action: ${results.wordsOf(result)}`);
  }
  for (const frame of plan.acquire) {
    const result = acquire(connection, frame, until);
    if (result >= 0) continue;
    const { code, words } = results.acquireRefusal(result);
    tools.refuse(code, words);
  }
  const result = ask(connection, plan.restrict);
  if (result < 0) tools.refuse("INTERNAL_ERROR", `Failed to restrict process: ${results.wordsOf(result)}`);
}

export = steps;
