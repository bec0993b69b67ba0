import { spawn } from "node:child_process";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { ExecutionContext } from "ava";
import { endProcess, exists, startBus } from "./bus.js";
import { configure, type Daemon, rootFolder, runProgram, startPolyvisord } from "./process.js";

const POLKITD = "/usr/lib/polkit-1/polkitd";

const POLICIES = new URL("../../polkit", import.meta.url).pathname;

/** A bus and a polkitd of a test's own, with our policy and rules of the test. */
export interface PrivatePolkit {
  /** For `DBUS_SYSTEM_BUS_ADDRESS`. */
  readonly address: string;
  /** Ends polkitd but not the bus. */
  endPolkitd(): Promise<void>;
  /** Starts it again. */
  startPolkitd(): Promise<void>;
  /** The folder that polkitd reads actions from. */
  readonly actions: string;
  stop(): Promise<void>;
}

/** What is missing for `startPolkit`; `undefined` where nothing is. */
export async function whyNoPolkit(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return "it needs root";
  for (const program of [POLKITD, "/usr/bin/dbus-daemon", "/usr/bin/unshare", "/usr/bin/setpriv"])
    if (!(await exists(program))) return `no ${program} here`;
  if ((await runProgram("unshare", ["-m", "true"])).code !== 0) return "no mount namespaces here";
  return undefined;
}

/**
 * `rules` in polkit's JavaScript. Actions may be owned by a user, beside root: polkitd answers a daemon of that user about
 * objects then.
 */
export async function startPolkit(rules: string, owner?: string): Promise<PrivatePolkit> {
  const folder = await mkdtemp(join(tmpdir(), "polkit-"));
  for (const name of ["actions", "rules"]) await mkdir(join(folder, name));
  for (const name of ["", "actions", "rules"]) await chmod(join(folder, name), 0o755);
  await writeFile(join(folder, "rules/10-test.rules"), rules);
  for (const file of await readdir(POLICIES)) {
    const text = await readFile(join(POLICIES, file), "utf8");
    await writeFile(join(folder, "actions", file), owner === undefined ? text : ownedBy(owner, text));
  }
  const bus = await startBus(folder);
  const { address } = bus;
  const mounts = `mount --bind ${folder}/actions /usr/share/polkit-1/actions && mount --bind ${folder}/rules /etc/polkit-1/rules.d`;
  const start = async () => {
    const polkitd = spawn("unshare", ["-m", "sh", "-c", `${mounts} && exec ${POLKITD} --no-debug`], {
      env: { ...process.env, DBUS_SYSTEM_BUS_ADDRESS: address },
    });
    while (!(await isOnBus(address))) await delay(20);
    return polkitd;
  };
  let polkitd = await start();
  return {
    address,
    actions: join(folder, "actions"),
    endPolkitd: () => endProcess(polkitd),
    async startPolkitd() {
      polkitd = await start();
    },
    async stop() {
      await endProcess(polkitd);
      await bus.stop();
      await rm(folder, { recursive: true });
    },
  };
}

function ownedBy(owner: string, policy: string): string {
  const note = `<annotate key="org.freedesktop.policykit.owner">unix-user:${owner}</annotate>`;
  return policy.replaceAll("</action>", `${note}</action>`);
}

async function isOnBus(address: string): Promise<boolean> {
  const name = "org.freedesktop.PolicyKit1";
  const call = [
    "--print-reply",
    "--dest=org.freedesktop.DBus",
    "/",
    "org.freedesktop.DBus.NameHasOwner",
    `string:${name}`,
  ];
  return /boolean true/.test((await runProgram("dbus-send", [`--bus=${address}`, ...call])).stdout);
}

/** A daemon with these settings, which any user may connect to. */
export async function serveEverybody(t: ExecutionContext, settings: string): Promise<Daemon> {
  const root = await rootFolder(t);
  await chmod(root, 0o755);
  await configure(root, `log_level = 2\n${settings}\n`);
  return startPolyvisord(t, root);
}
