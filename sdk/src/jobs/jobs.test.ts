import { VirtError } from "@polyvisor/core";
import test from "ava";
import fc from "fast-check";
import { type AsyncJobHandle, DomainJobs, type NormalJob } from "./index.js";

/** Work that runs until it is told to end. */
function gate() {
  let resolve: () => void = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

/** Enough turns for whatever can go on to have gone on. */
async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

test("a normal job waits for the one before it and gets its result across", async (t) => {
  const jobs = new DomainJobs();
  const first = gate();
  const order: string[] = [];
  const a = jobs.run({ kind: "modify", api: "a" }, async () => {
    await first.promise;
    order.push("a");
    return 1;
  });
  const b = jobs.run({ kind: "query", api: "b" }, () => {
    order.push("b");
    return 2;
  });
  await settle();
  t.deepEqual(order, []);
  t.deepEqual(
    jobs.list().map(({ api, state }) => [api, state]),
    [
      ["a", "running"],
      ["b", "waiting"],
    ],
  );
  first.resolve();
  t.deepEqual(await Promise.all([a, b]), [1, 2]);
  t.deepEqual(order, ["a", "b"]);
  t.deepEqual(jobs.list(), []);
});

test("work that fails gives its slot back", async (t) => {
  const jobs = new DomainJobs();
  await t.throwsAsync(
    jobs.run({ kind: "modify", api: "a" }, () => Promise.reject(new Error("no"))),
    { message: "no" },
  );
  t.is(await jobs.run({ kind: "modify", api: "b" }, () => 1), 1);
});

test("beside an asynchronous job only the jobs of its mask run", async (t) => {
  const rows: [readonly NormalJob[] | undefined, Record<NormalJob, boolean>][] = [
    [undefined, { query: true, destroy: true, abort: true, suspend: false, modify: false, "migration-op": false }],
    [[], { query: false, destroy: true, abort: false, suspend: false, modify: false, "migration-op": false }],
    [
      ["suspend", "migration-op"],
      { query: false, destroy: true, abort: false, suspend: true, modify: false, "migration-op": true },
    ],
  ];
  for (const [mask, allowed] of rows) {
    for (const [kind, expected] of Object.entries(allowed) as [NormalJob, boolean][]) {
      const jobs = new DomainJobs();
      const end = gate();
      const long = jobs.runAsync({ kind: "save", api: "domainSave", ...(mask && { mask }) }, () => end.promise);
      let ran = false;
      const normal = jobs.run({ kind, api: "x" }, () => {
        ran = true;
      });
      await settle();
      t.is(ran, expected, `${kind} beside [${mask}]`);
      end.resolve();
      await Promise.all([long, normal]);
      t.true(ran);
    }
  }
});

test("a step of an asynchronous job takes the normal slot, whatever the mask says", async (t) => {
  const jobs = new DomainJobs();
  const end = gate();
  const query = gate();
  const order: string[] = [];
  const long = jobs.runAsync({ kind: "save", api: "domainSave", mask: ["query"] }, async (job) => {
    await end.promise;
    await job.nested("step", () => void order.push("step"));
  });
  const beside = jobs.run({ kind: "query", api: "q" }, async () => {
    await query.promise;
    order.push("query");
  });
  await settle();
  end.resolve();
  await settle();
  t.deepEqual(order, []);
  query.resolve();
  await Promise.all([long, beside]);
  t.deepEqual(order, ["query", "step"]);
});

test("an agent job holds up other agent jobs and nothing else", async (t) => {
  const jobs = new DomainJobs({ waitMs: 30 });
  const silent = gate();
  const first = jobs.runAgent({ api: "domainFSFreeze" }, () => silent.promise);
  t.is(await jobs.run({ kind: "modify", api: "m" }, () => 1), 1);
  const error = await t.throwsAsync(jobs.runAgent({ api: "domainGetTime" }, () => {}));
  t.like(error, { code: "OPERATION_TIMEOUT", number: 68 });
  t.regex(error?.message ?? "", /cannot acquire state change lock \(held by agent=domainFSFreeze\) for \d+ s$/);
  silent.resolve();
  await first;
});

test("whoever waits too long learns who holds the domain", async (t) => {
  const jobs = new DomainJobs({ waitMs: 30 });
  const end = gate();
  const holder = jobs.run({ kind: "modify", api: "domainSuspend" }, () => end.promise);
  const error = await t.throwsAsync(jobs.run({ kind: "modify", api: "domainResume" }, () => t.fail()));
  t.regex(
    error?.message ?? "",
    /^Timed out during operation: cannot acquire state change lock \(held by monitor=domainSuspend\) for \d+ s$/,
  );
  end.resolve();
  await holder;

  const save = gate();
  const long = jobs.runAsync({ kind: "save", api: "domainSave" }, () => save.promise);
  const masked = await t.throwsAsync(jobs.run({ kind: "modify", api: "domainAttachDevice" }, () => t.fail()));
  t.regex(masked?.message ?? "", /held by monitor=domainSave/);
  save.resolve();
  await long;
});

test("the queue is bounded, but a destroy always finds a place", async (t) => {
  const jobs = new DomainJobs({ maxQueued: 2 });
  const end = gate();
  const holder = jobs.run({ kind: "modify", api: "a" }, () => end.promise);
  const second = jobs.run({ kind: "modify", api: "b" }, () => {});
  const error = await t.throwsAsync(jobs.run({ kind: "modify", api: "c" }, () => {}));
  t.like(error, { code: "OPERATION_FAILED", number: 9 });
  t.regex(
    error?.message ?? "",
    /cannot acquire state change lock \(held by monitor=a\) for \d+ s due to max_queued limit$/,
  );
  const destroy = jobs.run({ kind: "destroy", api: "d" }, () => {});
  end.resolve();
  await t.notThrowsAsync(Promise.all([holder, second, destroy]));
});

test("bulk statistics never wait", async (t) => {
  const jobs = new DomainJobs();
  const end = gate();
  t.is(await jobs.tryRun({ kind: "query", api: "s" }, () => 1), 1);
  const holder = jobs.run({ kind: "modify", api: "a" }, () => end.promise);
  t.is(await jobs.tryRun({ kind: "query", api: "s" }, () => 1), undefined);
  end.resolve();
  await holder;
});

test("a job is cancelled while it waits and while it runs", async (t) => {
  const jobs = new DomainJobs();
  const stuck = jobs.run(
    { kind: "modify", api: "stuck" },
    (job) => new Promise((_, reject) => job.signal.addEventListener("abort", () => reject(job.signal.reason))),
  );
  const waits = jobs.run({ kind: "modify", api: "waits" }, () => {});
  const [running, waiting] = jobs.list();
  t.true(jobs.cancel(waiting?.id ?? 0));
  await t.throwsAsync(waits, { message: /the job was cancelled/ });
  t.true(jobs.cancel(running?.id ?? 0));
  await t.throwsAsync(stuck, { message: /the job was cancelled/ });
  t.false(jobs.cancel(running?.id ?? 0));
});

test("a caller that goes away no longer waits, and a domain that goes away refuses all who do", async (t) => {
  const jobs = new DomainJobs();
  const end = gate();
  const holder = jobs.run({ kind: "modify", api: "a" }, () => end.promise);
  const caller = new AbortController();
  const left = jobs.run({ kind: "modify", api: "b", signal: caller.signal }, () => t.fail());
  const stays = jobs.run({ kind: "modify", api: "c" }, () => t.fail());
  caller.abort();
  await t.throwsAsync(left);
  jobs.dispose(new VirtError("NO_DOMAIN", "x"));
  await t.throwsAsync(stays, { message: "Domain not found: x" });
  await t.throwsAsync(
    jobs.run({ kind: "query", api: "d" }, () => t.fail()),
    { message: "Domain not found: x" },
  );
  end.resolve();
  await holder;
});

test("over random interleavings no rule is ever broken and everyone comes to an end", async (t) => {
  const normal = fc.constantFrom<NormalJob>("query", "destroy", "suspend", "modify", "abort", "migration-op");
  const step = fc.oneof(
    fc.record({ slot: fc.constant("normal" as const), kind: normal, turns: fc.nat(4) }),
    fc.record({ slot: fc.constant("agent" as const), turns: fc.nat(4) }),
    fc.record({
      slot: fc.constant("async" as const),
      mask: fc.uniqueArray(normal),
      turns: fc.nat(8),
      nested: fc.nat(3),
    }),
    fc.record({ slot: fc.constant("leave" as const), kind: normal, turns: fc.nat(4) }),
    fc.record({ slot: fc.constant("pause" as const), turns: fc.nat(6) }),
  );
  const turns = async (count: number) => {
    for (let i = 0; i < count; i++) await Promise.resolve();
  };
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const jobs = new DomainJobs({ waitMs: 60_000 });
      const running = { normal: 0, agent: 0, async: 0 };
      let mask: readonly NormalJob[] | undefined;
      let inNested = false;
      const enter = async (slot: keyof typeof running, count: number, kind?: NormalJob) => {
        running[slot]++;
        if (running[slot] > 1) throw new Error(`two ${slot} jobs at once`);
        if (kind !== undefined && mask !== undefined && kind !== "destroy" && !mask.includes(kind))
          throw new Error(`${kind} beside a mask of ${mask}`);
        await turns(count);
        running[slot]--;
      };
      const nested = (job: AsyncJobHandle, count: number) =>
        job.nested("step", async () => {
          inNested = true;
          await enter("normal", count);
          inNested = false;
        });
      const all: Promise<unknown>[] = [];
      for (const next of steps) {
        if (next.slot === "pause") await turns(next.turns);
        else if (next.slot === "agent") all.push(jobs.runAgent({ api: "g" }, () => enter("agent", next.turns)));
        else if (next.slot === "normal")
          all.push(jobs.run({ kind: next.kind, api: "n" }, () => enter("normal", next.turns, next.kind)));
        else if (next.slot === "leave") {
          const caller = new AbortController();
          const work = jobs.run({ kind: next.kind, api: "l", signal: caller.signal }, () =>
            enter("normal", next.turns, next.kind),
          );
          all.push(
            turns(next.turns).then(() => caller.abort()),
            work.catch((error: VirtError) => (error.code === "OPERATION_ABORTED" ? undefined : Promise.reject(error))),
          );
        } else {
          const work = async (job: AsyncJobHandle) => {
            mask = next.mask;
            if (++running.async > 1) throw new Error("two async jobs at once");
            for (let i = 0; i < next.nested; i++) await nested(job, next.turns);
            await turns(next.turns);
            running.async--;
            mask = undefined;
          };
          all.push(jobs.runAsync({ kind: "save", api: "s", mask: next.mask }, work));
        }
      }
      await Promise.all(all);
      return jobs.list().length === 0 && !inNested;
    }),
    { numRuns: 500 },
  );
  t.pass();
});
