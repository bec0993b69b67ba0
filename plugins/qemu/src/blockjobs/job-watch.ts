import type { JsonObject } from "../capabilities/json.js";
import { objects, textOf } from "../capabilities/json.js";
import { noLongerRunning, qemuError } from "../errors.js";
import type { Guest } from "../guest.js";
import { unlessRefused } from "../monitor/index.js";

/** Carries out a short job of the emulator, and resolves when it is done. Fails with what the emulator complains of. */
export async function runJob(guest: Guest, name: string, command: string, args: JsonObject): Promise<void> {
  const end = new Promise<void>((resolve) => guest.shortJobs.set(name, resolve));
  try {
    await guest.qmp(command, { "job-id": name, ...args });
    await orEnded(guest, end);
    const complaint = await complaintOf(guest, name);
    await unlessRefused(guest.qmp("job-dismiss", { id: name }));
    if (complaint !== undefined) throw qemuError("OPERATION_FAILED", `failed to format image: '${complaint}'`);
  } finally {
    guest.shortJobs.delete(name);
  }
}

/** Waits, but not for a guest that is no more. */
export async function orEnded(guest: Guest, end: Promise<void>): Promise<void> {
  const gone = guest.process?.ended.then(() => Promise.reject(noLongerRunning()));
  await Promise.race(gone === undefined ? [end] : [end, gone]);
}

/** Why a job that is over has failed; `undefined` where it has not. */
export async function complaintOf(guest: Guest, name: string): Promise<string | undefined> {
  const job = objects(await guest.qmp("query-jobs")).find((each) => textOf(each, "id") === name);
  return job && textOf(job, "error");
}
