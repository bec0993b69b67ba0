import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { createHost } from "@polyvisor/core";
import { whyNoValidation } from "@polyvisor/sdk/testkit";
import test from "ava";
import { type Entry, runSteps, type Step } from "./testing/our-peer.js";
import { SCRIPTS, VALIDATION_SCRIPTS } from "./testing/scripts.js";

const PLUGIN = fileURLToPath(new URL("..", import.meta.url));
const PEER = fileURLToPath(new URL("../src/testing/libvirt-peer.py", import.meta.url));
/** Debian's own interpreter: the one that has its packages. */
const PYTHON = "/usr/bin/python3";

async function python(args: readonly string[], input = ""): Promise<{ status: number | null; out: string }> {
  const child = spawn(PYTHON, args, { stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise<number | null>((resolve) => {
    child.once("error", () => resolve(null));
    child.once("close", resolve);
  });
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  const out = await text(child.stdout).catch(() => "");
  return { status: await ended, out };
}

async function libvirtSays(steps: readonly Step[]): Promise<Entry[]> {
  const { status, out } = await python([PEER], JSON.stringify(steps));
  if (status !== 0) throw new Error(`libvirt-peer.py ended with status ${status}`);
  return JSON.parse(out) as Entry[];
}

async function weSay(steps: readonly Step[]): Promise<Entry[]> {
  await using host = await createHost({ plugins: [PLUGIN] });
  await using connection = await host.open("test:///default");
  return await runSteps(connection, steps);
}

const hasLibvirt =
  (await python(["-c", "import sys\ntry: import libvirt\nexcept ImportError: sys.exit(1)"])).status === 0;

const withoutLibvirt = hasLibvirt ? undefined : "python3-libvirt is absent";
const withoutValidation = await whyNoValidation();

for (const [name, steps] of Object.entries(SCRIPTS)) {
  const missing = withoutLibvirt ?? (name in VALIDATION_SCRIPTS ? withoutValidation : undefined);
  if (missing !== undefined) {
    test.skip(`like libvirt's test driver: ${name} (${missing})`, () => {});
    continue;
  }
  test(`like libvirt's test driver: ${name}`, async (t) => {
    const [theirs, ours] = await Promise.all([libvirtSays(steps), weSay(steps)]);
    t.is(ours.length, steps.length);
    for (const [index, entry] of ours.entries()) t.deepEqual(entry, theirs[index], `step ${index}`);
  });
}
