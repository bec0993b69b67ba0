import { existsSync } from "node:fs";
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import test, { type TestFn } from "ava";
import { PROBE_COMMANDS } from "./commands.js";
import { CapabilitiesCache, capabilitiesFrom, findEmulator, findMachine, has, type QemuCapabilities } from "./index.js";
import type { Json, JsonObject } from "./json.js";

const QEMU = await findEmulator("x86_64");
const GOLDEN = fileURLToPath(new URL("../../../../../shared/golden", import.meta.url));

function needing(what: string, present: boolean): TestFn {
  return (present ? test : (title: string) => test.skip(`${title} (skipped: needs ${what})`, () => {})) as TestFn;
}

async function folder(t: { teardown(fn: () => Promise<void>): void }): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "polyvisor-caps-"));
  t.teardown(() => rm(path, { recursive: true, force: true }));
  return path;
}

needing("qemu-system-x86_64", QEMU !== undefined)(
  "a real emulator is probed, and its file saves the next probe",
  async (t) => {
    const dir = await folder(t);
    const caps = await new CapabilitiesCache(dir).lookup(QEMU ?? "");
    t.is(caps.arch, "x86_64");
    t.true(caps.version >= 4_002_000);
    t.true(has(caps, "tcg"));
    t.true(has(caps, "virtio-net"));
    t.regex(findMachine(caps, "qemu", "q35")?.name ?? "", /^pc-q35-/);
    t.true(findMachine(caps, "qemu", "pc")?.name.startsWith("pc-i440fx-"));
    t.true(caps.tcg?.cpus.some((cpu) => cpu.name === "qemu64"));
    const again = new CapabilitiesCache(dir, () => Promise.reject(new Error("probed again")));
    t.deepEqual(await again.lookup(QEMU ?? ""), caps);
  },
);

test("an emulator is probed once for many callers, and again when its file changes", async (t) => {
  const dir = await folder(t);
  const emulator = join(dir, "emulator");
  await writeFile(emulator, "#!/bin/false\n");
  await chmod(emulator, 0o755);
  let probes = 0;
  const probe = async (path: string): Promise<QemuCapabilities> => {
    probes++;
    return { emulator: path, version: 7_002_000, package: "", arch: "x86_64", flags: [] };
  };
  const cache = new CapabilitiesCache(join(dir, "cache"), probe);
  await Promise.all([cache.lookup(emulator), cache.lookup(emulator), cache.lookup(emulator)]);
  t.is(probes, 1);
  await writeFile(emulator, "#!/bin/false\n# upgraded\n");
  await cache.lookup(emulator);
  t.is(probes, 2);
});

test("an emulator that is absent, not executable or no emulator is told in libvirt's words", async (t) => {
  const dir = await folder(t);
  const cache = new CapabilitiesCache(dir);
  const absent = await t.throwsAsync(cache.lookup(join(dir, "absent")));
  t.is(absent?.message, `Cannot check QEMU binary ${join(dir, "absent")}: No such file or directory`);
  await writeFile(join(dir, "plain"), "");
  const plain = await t.throwsAsync(cache.lookup(join(dir, "plain")));
  t.regex(plain?.message ?? "", /^QEMU binary .*\/plain is not executable/);
  const other = await t.throwsAsync(cache.lookup("/bin/true"));
  t.regex(other?.message ?? "", /Failed to probe QEMU binary with QMP/);
  t.is((await readdir(dir)).filter((name) => name.endsWith(".json")).length, 0);
});

needing("the shared golden data", existsSync(join(GOLDEN, "qemucapabilitiesdata")))(
  "recorded replies of released emulators give libvirt's flags",
  async (t) => {
    const data = join(GOLDEN, "qemucapabilitiesdata");
    for (const name of (await readdir(data)).filter((file) => file.endsWith(".replies"))) {
      const [first, tcg] = recorded(await readFile(join(data, name), "utf8"));
      const caps = capabilitiesFrom(
        "/usr/bin/qemu-system-x86_64",
        (key) => first?.get(key),
        (key) => tcg?.get(key),
      );
      const xml = await readFile(join(data, name.replace(".replies", ".xml")), "utf8");
      const expected = [...xml.matchAll(/<flag name='([^']*)'/g)].map((match) => match[1]);
      t.deepEqual([...caps.flags].sort(), expected.sort() as typeof expected, name);
      const machines = [...xml.matchAll(/<machine type='kvm' name='([^']*)'/g)].map((match) => match[1]);
      t.deepEqual(
        caps.kvm?.machines.map((machine) => machine.name),
        machines as string[],
        name,
      );
    }
  },
);

/** The runs of the emulator in a recording: commands and replies alternate, each run begins with qmp_capabilities. */
function recorded(text: string): readonly Map<string, Json>[] {
  const documents = text
    .split("\n\n")
    .filter((part) => part.trim() !== "")
    .map((part) => JSON.parse(part) as JsonObject);
  const runs: Map<string, Json>[] = [];
  documents.forEach((command, at) => {
    if (command.execute === "qmp_capabilities") runs.push(new Map());
    const reply = documents[at + 1]?.return;
    const key = keyOf(command);
    if (key !== undefined && reply !== undefined) runs.at(-1)?.set(key, reply);
  });
  return runs;
}

function keyOf(command: JsonObject): string | undefined {
  const same = (other: Json | undefined) => JSON.stringify(other ?? {}) === JSON.stringify(command.arguments ?? {});
  return PROBE_COMMANDS.find((item) => item.execute === command.execute && same(item.arguments))?.key;
}
