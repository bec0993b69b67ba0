import { totalmem } from "node:os";
import test from "ava";
import { freeMemory, readHostUuid } from "./index.js";

test("this host is as the kernel tells", async (t) => {
  const free = await freeMemory();
  t.true(free > 0 && free <= totalmem());
  const uuid = await readHostUuid();
  t.true(uuid === undefined || /^[0-9a-f-]{36}$/.test(uuid));
});
