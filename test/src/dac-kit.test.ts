import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHost, type Host, rootPaths } from "@polyvisor/core";
import { createIsolation } from "@polyvisor/daemon";
import { registerKit, SERVICE_KITS, type ServiceClient, type ServiceSubject } from "@polyvisor/sdk/conformance";
import test from "ava";
import { project } from "./harness/project.js";

const PLUGIN = "security-dac";
const FOLDER = join(project, "plugins", PLUGIN);
const CALLS = [
  "generateLabel",
  "releaseLabel",
  "setLabels",
  "restoreLabels",
  "processLabel",
  "model",
  "processIdentity",
] as const;
const profile = { calls: CALLS, fixtures: { label: "+65534:+65534" }, traits: [] };

const closing: (() => Promise<void>)[] = [];

/** A host with the plugin, as a driver of a hypervisor sees it. */
async function subjectOf(isIsolated: boolean): Promise<ServiceSubject<"security">> {
  const root = await mkdtemp(join(tmpdir(), "polyvisor-dac-kit-"));
  const start = async () => {
    const host: Host = await createHost({
      plugins: [FOLDER],
      paths: rootPaths(root),
      use: { "security.v1": PLUGIN },
      ...(isIsolated ? { isolation: createIsolation({ isolate: [PLUGIN] }) } : {}),
    });
    return { host, client: (await host.connect("security.v1")) as unknown as ServiceClient<"security"> };
  };
  let now = await start();
  closing.push(async () => {
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

const isRoot = process.getuid?.() === 0;
const subjects = isRoot
  ? { "in process": await subjectOf(false), "isolated, over the wire": await subjectOf(true) }
  : {};

test.after.always(async () => {
  for (const close of closing) await close();
});

for (const [title, subject] of Object.entries(subjects))
  registerKit(test, SERVICE_KITS.security, subject, { title, profile });
if (!isRoot) test.skip("the kit of security for security-dac: only root may give files away", () => {});
