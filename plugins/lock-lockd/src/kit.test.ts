import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rootPaths, silentLog } from "@polyvisor/core";
import { registerKit, SERVICE_KITS, type ServiceSubject, subjectOfProvider } from "@polyvisor/sdk/conformance";
import { RpcClient } from "@polyvisor/sdk/rpc";
import test from "ava";
import { LockdManager } from "./manager.js";
import { hasVirtlockd, startVirtlockd, withinReason } from "./testing/daemons.js";

const kit = SERVICE_KITS.lock;
/** What a daemon decides. */
const OF_THE_DAEMON = ["sharing", "changes"];
const profile = { calls: kit.calls, fixtures: {}, traits: [] };

const closing: (() => Promise<void>)[] = [];

/** The plugin's manager, which keeps its files below a folder. */
async function subjectOf(folder: string, settings: Record<string, unknown> = {}): Promise<ServiceSubject<"lock">> {
  const info = { mode: "system", paths: rootPaths(folder) } as const;
  return subjectOfProvider("lock", () => new LockdManager(settings, info, silentLog));
}

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "lockd-kit-"));
  closing.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** The lock daemon that the plugin has started outlives it. */
async function endDaemonOf(folder: string): Promise<void> {
  const pid = Number(await readFile(join(folder, "run/virtlockd.pid"), "utf8").catch(() => "0"));
  if (pid === 0) return;
  process.kill(pid, "SIGTERM");
  await withinReason("the lock daemon ends", async () => {
    const client = await RpcClient.connect(join(folder, "run/libvirt/virtlockd-sock")).catch(() => undefined);
    await client?.close();
    return client === undefined;
  });
}

async function withVirtlockd(): Promise<ServiceSubject<"lock">> {
  const folder = await newFolder();
  const daemon = await startVirtlockd(folder);
  closing.push(() => daemon.kill());
  return subjectOf(folder, { lock_socket: daemon.socket });
}

const own = await newFolder();
closing.push(() => endDaemonOf(own));
const ownDaemon = await subjectOf(own);
const virtlockd = (await hasVirtlockd()) ? await withVirtlockd() : undefined;

test.after.always(async () => {
  for (const close of closing.reverse()) await close();
});

registerKit(test, kit, ownDaemon, { title: "with a daemon of its own", profile });
if (virtlockd === undefined) {
  test.skip("with libvirt's virtlockd: needs virtlockd, and root to have it alone", () => {});
} else {
  registerKit(test, kit, virtlockd, {
    title: "with libvirt's virtlockd",
    profile,
    only: ({ group }) => OF_THE_DAEMON.includes(group),
  });
}
