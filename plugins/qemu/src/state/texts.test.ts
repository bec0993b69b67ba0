import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { textsOf } from "./texts.js";

test("many texts are read in batches, between which everybody else has a turn", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "texts-"));
  try {
    const paths = Array.from({ length: 300 }, (_, index) => join(folder, String(index)));
    for (const path of paths) await writeFile(path, path);
    let turns = 0;
    let goesOn = true;
    const takeTurns = () => {
      turns++;
      if (goesOn) setImmediate(takeTurns);
    };
    setImmediate(takeTurns);
    const seen: string[] = [];
    let before = -1;
    for await (const batch of textsOf([...paths, join(folder, "nothing")])) {
      t.true(turns > before, `${turns} turns before the batch of ${batch[0]?.[0]}`);
      before = turns;
      for (const [path, text] of batch) {
        t.is(text, path);
        seen.push(path);
      }
      // Long enough for the thread to have the next one ready.
      const until = performance.now() + 10;
      while (performance.now() < until);
    }
    goesOn = false;
    t.deepEqual(seen, paths);
  } finally {
    await rm(folder, { recursive: true });
  }
});
