import { mkdtemp, rm } from "node:fs/promises";
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
  readonly plugin: string;
  readonly fixtures: Readonly<Record<string, string>>;
  /** The groups of cases that cross the boundary in ways of their own: the others are tried in this process. */
  readonly groups: readonly string[];
  /** Only root may give files away. */
  readonly needsRoot?: true;
}

const ROWS: Readonly<Record<Served, Row>> = {
  lock: { plugin: "lock-flock", fixtures: {}, groups: ["changes", "restarts"] },
  log: {
    plugin: "log-file",
    fixtures: { rollsOverAt: String(2 * 1024 * 1024) },
    groups: ["positions", "reading", "appending", "guests", "restarts", "rolling over", "bad input"],
  },
  security: {
    plugin: "security-owner",
    fixtures: { label: "+65534:+65534" },
    groups: ["guests", "restarts", "concurrency"],
    needsRoot: true,
  },
};

const open: (() => Promise<void>)[] = [];

/** The plugin in a process of its own, reached as another plugin reaches it: through the host. */
async function isolated<N extends Served>(name: N, { plugin }: Row): Promise<ServiceSubject<N>> {
  const root = await mkdtemp(join(tmpdir(), "polyvisor-isolated-"));
  const start = async () => {
    const host: Host = await createHost({
      plugins: [fileURLToPath(new URL(`../../../examples/${plugin}`, import.meta.url))],
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

const rows = (Object.entries(ROWS) as [Served, Row][]).filter(
  ([, { needsRoot }]) => needsRoot === undefined || process.getuid?.() === 0,
);
const subjects = await Promise.all(
  rows.map(async ([name, row]) => ({ name, row, subject: await isolated(name, row) })),
);

test.after.always(async () => {
  for (const close of open) await close();
});

for (const { name, row, subject } of subjects) {
  const kit = SERVICE_KITS[name] as unknown as Kit<typeof subject>;
  registerKit(test, kit, subject, {
    profile: { calls: kit.calls, fixtures: row.fixtures, traits: [] },
    only: ({ group }) => row.groups.includes(group),
    title: `${row.plugin} in a process of its own`,
  });
}
