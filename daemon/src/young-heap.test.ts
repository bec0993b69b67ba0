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

const module = JSON.stringify(new URL("young-heap.js", import.meta.url).href);

test("the space for new objects stays small until much is asked of the daemon", async (t) => {
  const [usual = 0] = await printed("console.log(JSON.stringify([megabytes()]))");
  const [small = 0, busy = 0] = await printed(`import(${module}).then(({ keepYoungHeapSmall, countMessage }) => {
    keepYoungHeapSmall();
    const small = megabytes();
    for (let i = 0; i < 20000; i++) countMessage();
    console.log(JSON.stringify([small, megabytes()]));
  })`);
  t.true(small <= usual / 4, `${small} of ${usual} MB`);
  t.true(busy >= usual / 2, `${busy} of ${usual} MB`);
});
