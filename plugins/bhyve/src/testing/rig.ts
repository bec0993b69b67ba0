import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Connection, type HostServices, rootPaths, silentLog } from "@polyvisor/core";
import { subjectOfDriver } from "@polyvisor/sdk/conformance";
import { makeDriver } from "../service.js";
import { RecordingHost } from "./recording-host.js";

/** A driver on a recording host that a test can lay hands on. */
export interface Rig {
  readonly host: RecordingHost;
  readonly connection: Connection;
}

/** The same folder again: a later daemon of the same machine. */
export async function openRig(folder: string, services?: HostServices): Promise<Rig> {
  const host = new RecordingHost(join(folder, "host"));
  const info = { mode: "system", paths: rootPaths(folder) } as const;
  const config = { firmware_dir: "/firmware" };
  const driver = await makeDriver({ host, info, log: silentLog, services, config });
  return { host, connection: await subjectOfDriver(driver, "bhyve:///system").open() };
}

/** A folder that goes with the test. */
export async function rigFolder(t: { teardown(after: () => Promise<void>): void }): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "bhyve-rig-"));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
