import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHost, type Host, rootPaths } from "@polyvisor/core";
import { createIsolation } from "@polyvisor/daemon";
import { registerKit, SERVICE_KITS, type ServiceClient, type ServiceSubject } from "@polyvisor/sdk/conformance";
import { accepts, mayOpenSystemHost, openSystemHost, withinReason } from "@polyvisor/sdk/testkit";
import test from "ava";
import { isInstalled } from "./harness/command.js";
import { LOCK_DAEMONS, lockSocketOn } from "./harness/lock-managers.js";
import { isRunning } from "./harness/processes.js";
import { project } from "./harness/project.js";

const PLUGIN = "lock-lockd";
const FOLDER = join(project, "plugins", PLUGIN);
const kit = SERVICE_KITS.lock;
/** What crosses the boundary of a process in ways of its own; the rest is tried in this process. */
const CROSSING = ["changes", "restarts", "metadata"];
/** What a daemon decides. */
const OF_THE_DAEMON = ["leases", "sharing", "changes"];

const closing: (() => Promise<void>)[] = [];

/** A host with the plugin, as a driver of a hypervisor sees it. */
async function subjectOf(
  isIsolated: boolean,
  settings: (root: string) => Record<string, unknown>,
): Promise<ServiceSubject<"lock">> {
  const root = await mkdtemp(join(tmpdir(), "polyvisor-lockd-kit-"));
  const values = settings(root);
  const start = async () => {
    const host: Host = await createHost({
      plugins: [FOLDER],
      paths: rootPaths(root),
      use: { "lock.v1": PLUGIN },
      pluginConfiguration: { [PLUGIN]: { values } },
      ...(isIsolated ? { isolation: createIsolation({ isolate: [PLUGIN] }) } : {}),
    });
    return { host, client: (await host.connect("lock.v1")) as unknown as ServiceClient<"lock"> };
  };
  let now = await start();
  closing.push(async () => {
    await now.host.close();
    await endDaemonOf(root);
    await rm(root, { recursive: true, force: true });
  });
  return {
    client: () => now.client,
    async restart() {
      await now.host.close();
      now = await start();
    },
    async close() {},
  };
}

/** The lock daemon that the plugin has started outlives it. */
async function endDaemonOf(root: string): Promise<void> {
  const pid = Number(await readFile(join(root, "run/virtlockd.pid"), "utf8").catch(() => "0"));
  if (pid === 0) return;
  process.kill(pid, "SIGTERM");
  await withinReason("the lock daemon ends", async () => !(await isRunning(pid)));
}

async function foreignDaemon(): Promise<string> {
  const host = await openSystemHost();
  closing.push(() => host.close());
  await host.run(LOCK_DAEMONS.virtlockd ?? ["virtlockd"]);
  const socket = lockSocketOn(host);
  await withinReason("virtlockd listens", () => accepts(socket));
  return socket;
}

const profile = { calls: kit.calls, fixtures: {}, traits: [] };

const socket = mayOpenSystemHost() && (await isInstalled("virtlockd")) ? await foreignDaemon() : undefined;
const inProcess = await subjectOf(false, () => ({}));
const isolated = await subjectOf(true, (root) => ({ file_lockspace_dir: join(root, "files") }));
const foreign = socket === undefined ? undefined : await subjectOf(false, () => ({ lock_socket: socket }));

test.after.always(async () => {
  for (const close of closing) await close();
});

registerKit(test, kit, inProcess, { title: "in process, with a daemon of its own", profile });
registerKit(test, kit, isolated, {
  title: "isolated, over the wire",
  profile,
  only: ({ group }) => CROSSING.includes(group),
});
if (foreign === undefined) {
  test.skip("with libvirt's virtlockd: needs virtlockd, and root to have it alone", () => {});
} else {
  registerKit(test, kit, foreign, {
    title: "with libvirt's virtlockd",
    profile,
    only: ({ group }) => OF_THE_DAEMON.includes(group),
  });
}
