import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import test from "ava";
import { hasEnded, readProcessStat, runHelper } from "./index.js";

const sh = (script: string): [string, ...string[]] => ["/bin/sh", "-c", script];

test("a helper's outputs and status come back", async (t) => {
  t.deepEqual(await runHelper(sh("echo out; echo err >&2; exit 3")), { status: 3, stdout: "out\n", stderr: "err\n" });
  t.is((await runHelper(sh("kill -9 $$"))).status, 137);
  t.is((await runHelper(sh("echo $GREETING"), { env: { GREETING: "hi" } })).stdout, "hi\n");
});

test("a helper that hangs is killed with its children when its time is up", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "polyvisor-helper-"));
  t.teardown(() => rm(folder, { recursive: true }));
  const begin = performance.now();
  const script = `sleep 61 & echo $! > ${folder}/pid; sleep 62`;
  const error = await t.throwsAsync(runHelper(sh(script), { deadline: 2000 }));
  t.like(error, {
    code: "OPERATION_TIMEOUT",
    message: "Timed out during operation: /bin/sh did not answer within 2 s",
  });
  t.true(performance.now() - begin < 50_000);
  const pid = Number(await readFile(join(folder, "pid"), "utf8"));
  for (let tries = 0; tries < 2400 && !hasEnded(readProcessStat(pid)); tries++) await delay(50);
  t.true(pid > 0 && hasEnded(readProcessStat(pid)));
});

test("a helper that floods is killed", async (t) => {
  const error = await t.throwsAsync(runHelper(["/usr/bin/yes"], { maxOutput: 1000 }));
  t.is(error?.message, "operation failed: /usr/bin/yes wrote more than 1000 bytes");
});

test("a missing helper is named", async (t) => {
  const error = await t.throwsAsync(runHelper(["/nonexistent/tool"]));
  t.like(error, { code: "SYSTEM_ERROR", message: "Cannot run '/nonexistent/tool': No such file or directory" });
});

test("a helper ends with its caller", async (t) => {
  const caller = new AbortController();
  const running = runHelper(sh("sleep 60"), { signal: caller.signal });
  caller.abort();
  await t.throwsAsync(running, { message: /was given up/ });
  await t.throwsAsync(runHelper(sh("true"), { signal: caller.signal }), { message: /was given up/ });
});
