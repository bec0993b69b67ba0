import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createHost, type Host, rootPaths } from "@polyvisor/core";
import {
  type Kit,
  registerKit,
  SERVICE_KITS,
  type ServiceClient,
  type ServiceSubject,
} from "@polyvisor/sdk/conformance";
import test from "ava";
import { createIsolation } from "./index.js";

type Served = "lock" | "log" | "security";

interface Row {
  readonly name: Served;
  readonly plugin: string;
  /** From the root of this tree. */
  readonly folder: string;
  readonly fixtures: Readonly<Record<string, string>>;
  /** The groups of cases that cross the boundary in ways of their own: the others are tried in this process. */
  readonly groups: readonly string[];
  /** Only root may give files away. */
  readonly needsRoot?: true;
  readonly traits?: readonly string[];
  /** What it answers of what the kit asks, where that is not everything. */
  readonly lacks?: readonly string[];
}

/** The kernel's own part, which a stand-in has not. */
const OF_THE_KERNEL = ["guestWrapper", "processLabel"];

const ROWS: readonly Row[] = [
  { name: "lock", plugin: "lock-flock", folder: "examples/lock-flock", fixtures: {}, groups: ["changes", "restarts"] },
  {
    name: "lock",
    plugin: "lock-lockd",
    folder: "plugins/lock-lockd",
    fixtures: {},
    groups: ["changes", "restarts", "metadata"],
  },
  {
    name: "log",
    plugin: "log-file",
    folder: "examples/log-file",
    fixtures: { rollsOverAt: String(2 * 1024 * 1024) },
    groups: ["positions", "reading", "appending", "guests", "restarts", "rolling over", "bad input"],
  },
  {
    name: "log",
    plugin: "log-logd",
    folder: "plugins/log-logd",
    fixtures: { rollsOverAt: String(2 * 1024 * 1024) },
    groups: ["positions", "reading", "opening", "appending", "guests", "restarts", "rolling over", "bad input"],
  },
  {
    name: "security",
    plugin: "security-owner",
    folder: "examples/security-owner",
    fixtures: { label: "+65534:+65534" },
    groups: ["guests", "restarts", "concurrency"],
    needsRoot: true,
  },
  {
    name: "security",
    plugin: "security-dac",
    folder: "plugins/security-dac",
    fixtures: { label: "+65534:+65534" },
    groups: ["labels", "guests", "sharing", "restarts", "concurrency"],
    needsRoot: true,
  },
  {
    name: "security",
    plugin: "security-selinux-stand-in",
    folder: "plugins/security-selinux/stand-in",
    fixtures: { label: "system_u:system_r:svirt_t:s0:c1,c2" },
    groups: ["guests", "restarts", "concurrency"],
    needsRoot: true,
    traits: ["keeps-shared"],
    lacks: OF_THE_KERNEL,
  },
  {
    name: "security",
    plugin: "security-apparmor-stand-in",
    folder: "plugins/security-apparmor/stand-in",
    fixtures: {},
    groups: ["guests", "restarts", "concurrency"],
    lacks: OF_THE_KERNEL,
  },
];

const open: (() => Promise<void>)[] = [];

/** The plugin in a process of its own, reached as another plugin reaches it: through the host. */
async function isolated<N extends Served>(name: N, { plugin, folder }: Row): Promise<ServiceSubject<N>> {
  const root = await mkdtemp(join(tmpdir(), "polyvisor-isolated-"));
  const start = async () => {
    const host: Host = await createHost({
      plugins: [fileURLToPath(new URL(`../../../${folder}`, import.meta.url))],
      paths: rootPaths(root),
      isolation: createIsolation({ isolate: [plugin] }),
      use: { [`${name}.v1`]: plugin },
    });
    const client = (await host.connect(`${name}.v1`)) as unknown as ServiceClient<N>;
    if (host.supervisor(plugin)?.status.state !== "running") throw new Error(`${plugin} is not isolated`);
    return { host, client };
  };
  let now = await start();
  open.push(async () => {
    await now.host.close();
    await endDaemons(join(root, "run"));
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

/** What a plugin has started to outlive it. */
async function endDaemons(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names.filter((each) => each.endsWith(".pid"))) {
    const pid = Number(await readFile(join(folder, name), "utf8"));
    try {
      process.kill(pid, "SIGTERM");
    } catch {
      // It has ended by itself.
    }
  }
}

const rows = ROWS.filter(({ needsRoot }) => needsRoot === undefined || process.getuid?.() === 0);
const subjects = await Promise.all(rows.map(async (row) => ({ row, subject: await isolated(row.name, row) })));

test.after.always(async () => {
  for (const close of open) await close();
});

for (const { row, subject } of subjects) {
  const { traits = [], lacks = [] } = row;
  const kit = SERVICE_KITS[row.name] as unknown as Kit<typeof subject>;
  registerKit(test, kit, subject, {
    profile: { calls: kit.calls.filter((call) => !lacks.includes(call)), fixtures: row.fixtures, traits },
    only: ({ group }) => row.groups.includes(group),
    title: `${row.plugin} in a process of its own`,
  });
}
