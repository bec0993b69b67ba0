import { setTimeout as delay } from "node:timers/promises";
import test from "ava";
import { IdleWork } from "./idle-work.js";

const DEADLINE_MS = 120_000;

async function until(condition: () => boolean): Promise<boolean> {
  for (const deadline = Date.now() + DEADLINE_MS; Date.now() < deadline && !condition(); ) await delay(20);
  return condition();
}

function* count(steps: number, done: (step: number) => void): Generator<void> {
  for (let step = 1; step <= steps; step++) {
    done(step);
    yield;
  }
}

test.serial("work is done to its end, one piece after the other", async (t) => {
  const seen: string[] = [];
  const work = new IdleWork();
  work.add(count(2, (step) => seen.push(`a${step}`)));
  work.add(count(2, (step) => seen.push(`b${step}`)));
  t.deepEqual(seen, [], "nothing is done at once");
  t.true(await until(() => seen.length === 4));
  t.deepEqual(seen, ["a1", "a2", "b1", "b2"]);
  work.add(count(1, () => seen.push("c1")));
  t.true(await until(() => seen.length === 5), "what comes later is done as well");
});

test.serial("a process that works is left alone until it rests", async (t) => {
  const work = new IdleWork();
  let steps = 0;
  work.add(count(1, () => steps++));
  for (const end = performance.now() + 600; performance.now() < end; );
  await delay(1);
  t.is(steps, 0);
  t.true(await until(() => steps === 1));
});

test.serial("what is stopped is not gone on with", async (t) => {
  const work = new IdleWork();
  let steps = 0;
  work.add(count(1_000_000_000, () => steps++));
  t.true(await until(() => steps > 0));
  work.stop();
  const then = steps;
  await delay(400);
  t.is(steps, then);
});
