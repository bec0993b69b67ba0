import { setTimeout as delay } from "node:timers/promises";
import test from "ava";
import { IdleTimeout } from "./idle.js";

/** What a daemon is asked, as a test changes it. */
function daemon(t: { teardown(end: () => void): void }) {
  const state = { clients: 0, guests: 0, looked: 0 };
  const timeout = new IdleTimeout({
    hasClients: () => state.clients > 0,
    hasGuests: async () => {
      state.looked++;
      return state.guests > 0;
    },
  });
  t.teardown(() => timeout.stop());
  return { state, timeout };
}

/** Whether the daemon would have ended after so many milliseconds. */
async function endsWithin({ reached }: IdleTimeout, ms: number): Promise<boolean> {
  const over = new AbortController();
  const late = delay(ms, false, { signal: over.signal }).catch(() => false);
  try {
    return await Promise.race([reached.then(() => true), late]);
  } finally {
    over.abort();
  }
}

test("without a timeout, or with one that is taken back, nothing ends", async (t) => {
  const { timeout } = daemon(t);
  t.false(await endsWithin(timeout, 1500));
  timeout.set(1);
  timeout.set(0);
  t.false(await endsWithin(timeout, 2500));
});

test("guests keep a daemon that nobody is connected to, until they have ended", async (t) => {
  const { state, timeout } = daemon(t);
  state.guests = 1;
  timeout.set(1);
  t.false(await endsWithin(timeout, 3500));
  t.true(state.looked > 0);
  state.guests = 0;
  t.true(await endsWithin(timeout, 120_000));
});

test("a client that comes and goes begins the time anew", async (t) => {
  const { state, timeout } = daemon(t);
  timeout.set(2);
  await delay(1500);
  state.clients = 1;
  t.false(await endsWithin(timeout, 2500));
  state.clients = 0;
  t.false(await endsWithin(timeout, 1500));
  t.true(await endsWithin(timeout, 120_000));
});
