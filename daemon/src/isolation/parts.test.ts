import { readFile } from "node:fs/promises";
import { silentLog } from "@polyvisor/core";
import test from "ava";
import { runProgram } from "../testing/process.js";
import { CrashBudget } from "./budget.js";
import { PLUGIN_EXIT } from "./exit-codes.js";
import { Gate } from "./gate.js";
import { verdictOn } from "./health.js";
import type { HostSide } from "./host-side.js";
import { PluginChild } from "./plugin-child.js";
import { isIsolated } from "./settings.js";

test("the first crash costs no pause, each further one twice the pause before, and too many end it", (t) => {
  const budget = new CrashBudget({ crashes: 4, period: 60_000 });
  t.deepEqual(
    [1, 2, 3, 4, 5].map((now) => budget.crashed(now)),
    [0, 250, 500, 1000, undefined],
  );
  budget.forget();
  t.deepEqual(
    [0, 10, 60_001, 60_005].map((now) => budget.crashed(now)),
    [0, 250, 250, 500],
    "old ones do not count",
  );
});

test("silence is judged by the processor time that was used, and for long waits by the clock", (t) => {
  t.is(verdictOn({ processor: 9.9, clock: 59 }, 10), undefined);
  t.regex(verdictOn({ processor: 10.1, clock: 0 }, 10) ?? "", /10\.1 s of processor time.*endless loop/);
  t.regex(verdictOn({ processor: 0, clock: 61 }, 10) ?? "", /answered nothing for 61 s/);
});

test("plugins from elsewhere are isolated, those of @polyvisor are not, unless the operator says otherwise", (t) => {
  const own = { name: "qemu", packageName: "@polyvisor/qemu" };
  const other = { name: "acme", packageName: "@acme/polyvisor" };
  const nothing = { isolate: [], inProcess: [] };
  t.deepEqual([isIsolated(own, nothing), isIsolated(other, nothing)], [false, true]);
  t.true(isIsolated(own, { isolate: ["qemu"], inProcess: [] }));
  t.false(isIsolated(other, { isolate: [], inProcess: ["acme"] }));
});

test("a gate that is shut lets nothing pass until it is opened, and knows when nothing runs any more", async (t) => {
  const gate = new Gate();
  let finish = () => {};
  const first = gate.pass(() => new Promise<void>((resolve) => (finish = resolve)));
  while (gate.running === 0) await new Promise(setImmediate);
  gate.shut();
  let passed = false;
  const second = gate.pass(() => {
    passed = true;
  });
  t.false(await gate.drained(10), "the first runs yet");
  finish();
  await first;
  t.true(await gate.drained(60_000));
  t.false(passed);
  gate.open();
  await second;
  t.true(passed);
});

test("host and process that are of different versions part before any code of the plugin is run", async (t) => {
  const side = { tables: () => [] } as unknown as HostSide;
  const child = await PluginChild.start({ plugin: "any", memory: 512, side, log: silentLog });
  const paths = { config: "/", lib: "/", run: "/", log: "/", cache: "/" };
  const told = { plugin: "any", version: "1.0.0", folder: "/nowhere", mode: "system", paths, uuid: null, debug: false };
  const call = child.api.configure({ ...told, protocol: 9999, core: "0.0.1", configuration: "{}" });
  await t.throwsAsync(call, { message: /End of file/ });
  const { words, isFinal } = await child.ended;
  t.true(isFinal);
  t.regex(words, /versions.*exit code 80\): the host is of @polyvisor\/core 0\.0\.1 \(protocol 9999\)/);
});

test("started by hand the program of plugins says what it is for", async (t) => {
  const { code, stderr } = await runProgram(process.execPath, [
    new URL("../../bin/polyvisor-plugin.js", import.meta.url).pathname,
  ]);
  t.is(code, PLUGIN_EXIT.NO_HOST);
  t.regex(stderr, /polyvisord starts this program/);
});

test("docs/isolation.md tells of every exit code", async (t) => {
  const page = await readFile(new URL("../../../docs/isolation.md", import.meta.url), "utf8");
  for (const code of Object.values(PLUGIN_EXIT)) t.regex(page, new RegExp(`^\\| ${code} \\|`, "m"), String(code));
});
