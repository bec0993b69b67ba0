import { access, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createHost, type Host, rootPaths } from "@polyvisor/core";
import { registerKit, SERVICE_KITS, type ServiceClient, type ServiceSubject } from "@polyvisor/sdk/conformance";
import { accepts, mayOpenSystemHost, openSystemHost, withinReason } from "@polyvisor/sdk/testkit";
import test from "ava";

const PLUGIN = "log-logd";
const FOLDER = fileURLToPath(new URL("..", import.meta.url));
const VIRTLOGD = "/usr/sbin/virtlogd";
const SOCKET = "/run/libvirt/virtlogd-sock";

const closing: (() => Promise<void>)[] = [];

/** A host with the plugin, as another plugin sees it; `socket` is another's log daemon. */
async function subjectOf(socket?: string): Promise<ServiceSubject<"log">> {
  const root = await mkdtemp(join(tmpdir(), "polyvisor-log-kit-"));
  const paths = rootPaths(root);
  const start = async () => {
    const host: Host = await createHost({
      plugins: [FOLDER],
      paths,
      use: { "log.v1": PLUGIN },
      ...(socket === undefined ? {} : { pluginConfiguration: { [PLUGIN]: { values: { log_socket: socket } } } }),
    });
    return { host, client: (await host.connect("log.v1")) as unknown as ServiceClient<"log"> };
  };
  let now = await start();
  closing.push(async () => {
    await now.host.close();
    const pid = Number(await readFile(join(paths.run, "virtlogd.pid"), "utf8").catch(() => "0"));
    if (pid > 0) process.kill(pid, "SIGTERM");
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

/** libvirt's own log daemon, on a host of its own; `undefined` where there can be none. */
async function startVirtlogd(): Promise<string | undefined> {
  const isThere = await access(VIRTLOGD).then(
    () => true,
    () => false,
  );
  if (!isThere || !mayOpenSystemHost()) return undefined;
  const host = await openSystemHost();
  closing.push(() => host.close());
  await host.run([VIRTLOGD]);
  await withinReason("virtlogd listens", () => accepts(host.path(SOCKET)));
  return host.path(SOCKET);
}

const virtlogd = await startVirtlogd();
const sockets = { "log-logd with its own daemon": undefined, "log-logd with libvirt's virtlogd": virtlogd };
const kit = SERVICE_KITS.log;
const subjects = await Promise.all(
  Object.entries(sockets)
    .filter(([title, socket]) => socket !== undefined || !title.includes("virtlogd"))
    .map(async ([title, socket]) => ({ title, subject: await subjectOf(socket) })),
);
test.after.always(async () => {
  for (const close of closing.reverse()) await close();
});

for (const { title, subject } of subjects) {
  const profile = { calls: kit.calls, fixtures: { rollsOverAt: String(2 * 1024 * 1024) }, traits: [] };
  registerKit(test, kit, subject, { title, profile });
}
if (virtlogd === undefined) test.skip("log-logd with libvirt's virtlogd (needs root and virtlogd)", () => {});
