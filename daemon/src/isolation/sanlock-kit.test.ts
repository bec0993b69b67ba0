import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createHost, type Host, rootPaths } from "@polyvisor/core";
import { registerKit, SERVICE_KITS, type ServiceClient, type ServiceSubject } from "@polyvisor/sdk/conformance";
import { hasSanlock, makeDiskFolder, type PrivateSanlock, startSanlock } from "@polyvisor/sdk/testkit";
import test from "ava";
import { createIsolation } from "./index.js";

const PLUGIN = "lock-sanlock";
const FOLDER = fileURLToPath(new URL(`../../../plugins/${PLUGIN}`, import.meta.url));
interface Way {
  readonly isolate: boolean;
  /** What is tried here: the soak `sanlock` tries all, both ways. */
  readonly groups: readonly string[];
}

const isWhole = process.env.POLYVISOR_WHOLE_KITS === "1";
const ALL = ["leases", "sharing", "concurrency", "changes", "restarts", "names"];
const WAYS: Readonly<Record<string, Way>> = {
  ...(isWhole ? { "lock-sanlock": { isolate: false, groups: ALL } } : {}),
  "lock-sanlock in a process of its own": { isolate: true, groups: isWhole ? ALL : ["sharing", "changes"] },
};

const NOBODY = {
  uuid: "11111111-3b1f-42e7-8462-cb4af457bda7",
  name: "nobody",
  id: 1,
  pid: 0,
  uri: "qemu:///system",
  onLockFailure: "default",
};
const ANY_DISK = { lockspace: null, name: "/any", path: null, offset: 0n, flags: 0 };

const closing: (() => Promise<void>)[] = [];

/** A host with the plugin, as another plugin sees it. */
async function subjectOf(
  folder: string,
  { runDir }: PrivateSanlock,
  { isolate }: Way,
): Promise<ServiceSubject<"lock">> {
  const leases = join(folder, "leases");
  const root = join(folder, isolate ? "isolated" : "direct");
  const values = { host_id: 1, auto_disk_leases: true, disk_lease_dir: leases, io_timeout: 2, run_dir: runDir };
  const start = async () => {
    const host: Host = await createHost({
      plugins: [FOLDER],
      paths: rootPaths(root),
      use: { "lock.v1": PLUGIN },
      pluginConfiguration: { [PLUGIN]: { values } },
      ...(isolate ? { isolation: createIsolation({ isolate: [PLUGIN] }) } : {}),
    });
    return { host, client: (await host.connect("lock.v1")) as unknown as ServiceClient<"lock"> };
  };
  let now = await start();
  closing.push(() => now.host.close());
  // Becoming a member of the lockspace takes seconds, which no case shall have to wait for.
  await now.client.guestWrapper({ owner: NOBODY, resources: [ANY_DISK] });
  return {
    client: () => now.client,
    async restart() {
      await now.host.close();
      now = await start();
    },
    async close() {},
  };
}

if (hasSanlock()) {
  const folder = await makeDiskFolder();
  const sanlock = await startSanlock({ name: "kit", folder });
  await mkdir(join(folder, "leases"));
  closing.push(
    () => rm(folder, { recursive: true, force: true }),
    () => sanlock.stop(),
  );
  const kit = SERVICE_KITS.lock;
  const subjects = await Promise.all(
    Object.entries(WAYS).map(async ([title, way]) => ({ title, way, subject: await subjectOf(folder, sanlock, way) })),
  );
  const profile = { calls: ["guestWrapper", "acquire", "release", "inquire"], fixtures: {}, traits: [] };
  for (const { title, way, subject } of subjects)
    registerKit(test, kit, subject, { title, profile, only: ({ group }) => way.groups.includes(group) });
  test.after.always(async () => {
    for (const close of closing.reverse()) await close();
  });
} else {
  test.skip("lock-sanlock (needs sanlock)", () => {});
}
