import { execFile } from "node:child_process";
import { promisify } from "node:util";
import test from "ava";

/** Makes objects that stay, and tells how many megabytes the space for new ones has then. */
const GROW = `
  const kept = [];
  const megabytes = () => {
    for (let i = 0; i < 3e5; i++) kept.push({ i });
    return require("node:v8").getHeapSpaceStatistics().find((space) => space.space_name === "new_space").space_size / 2 ** 20;
  };
`;

async function printed(script: string): Promise<number[]> {
  const { stdout } = await promisify(execFile)(process.execPath, ["-e", GROW + script]);
  return JSON.parse(stdout);
}

const module = JSON.stringify(new URL("small-start.js", import.meta.url).href);

test("the space for new objects stays small until much is asked of the daemon", async (t) => {
  const [usual = 0] = await printed("console.log(JSON.stringify([megabytes()]))");
  const [small = 0, busy = 0] = await printed(`import(${module}).then(({ startSmall, countMessage }) => {
    startSmall();
    const small = megabytes();
    for (let i = 0; i < 20000; i++) countMessage();
    console.log(JSON.stringify([small, megabytes()]));
  })`);
  t.true(small <= usual / 4, `${small} of ${usual} MB`);
  t.true(busy >= usual / 2, `${busy} of ${usual} MB`);
});

/** Runs a function again and again until it has been optimized, or so many times. Tells whether it was. */
const HEAT = `
  require("node:v8").setFlagsFromString("--allow-natives-syntax");
  const [hot, status] = (0, eval)("[(n) => { let sum = 0; for (let i = 0; i < n; i++) sum += i % 7; return sum; }, (f) => %GetOptimizationStatus(f)]");
  const OPTIMIZED = 16;
  const heated = (times) => {
    for (let i = 0; i < times; i++) {
      hot(10000);
      if ((status(hot) & OPTIMIZED) !== 0) return true;
    }
    return false;
  };
`;

test("nothing is optimized until many messages have come, or a while after the first", async (t) => {
  const script = `import(${module}).then(async ({ startSmall, countMessage }) => {
    startSmall();
    countMessage();
    const before = heated(100);
    if (process.env.MANY) for (let i = 0; i < 10000; i++) countMessage();
    while (!heated(100)) await new Promise(setImmediate);
    console.log(before);
  })`;
  for (const env of [{ MANY: "1" }, {}]) {
    const { stdout } = await promisify(execFile)(process.execPath, ["-e", HEAT + script], { env });
    t.is(stdout, "false\n");
  }
});
