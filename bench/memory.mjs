// What our daemon's idle memory is made of: imports its parts one after the other into a bare Node, and prints as JSON by
// how much each lets the resident set and the live heap grow. Needs --expose-gc.
import { createRequire } from "node:module";
import { startSmall } from "../daemon/dist/small-start.js";

const require = createRequire(new URL("../daemon/package.json", import.meta.url));

/** In the order of their dependencies, so that each counts only what those before it have not brought. */
const PARTS = [
  ["Node's sockets, files and processes", "node:net", "node:fs/promises", "node:child_process"],
  ["tsyringe, reflect-metadata", "reflect-metadata", "tsyringe"],
  ["semver", "semver"],
  ["koffi", "koffi"],
  ["cac", "cac"],
  ["zod", "zod"],
  ["@polyvisor/core", "@polyvisor/core"],
  ["@polyvisor/sdk", "@polyvisor/sdk/rpc", "@polyvisor/sdk/process", "@polyvisor/sdk/xml", "@polyvisor/sdk/conf"],
  ["@polyvisor/daemon", "../daemon/dist/daemon.js"],
  ["@polyvisor/qemu", "@polyvisor/qemu"],
];

function megabytes() {
  globalThis.gc();
  const { rss, heapUsed } = process.memoryUsage();
  return { resident: rss / 2 ** 20, heap: heapUsed / 2 ** 20 };
}

startSmall();
let before = megabytes();
const rows = [{ part: "Node, with nothing loaded", ...before }];
for (const [part, ...modules] of PARTS) {
  for (const module of modules) await import(addressOf(module));
  const after = megabytes();
  rows.push({ part, resident: after.resident - before.resident, heap: after.heap - before.heap });
  before = after;
}
console.log(JSON.stringify(rows));
process.exit();

/** The project's own are found from here; other packages may be installed for the daemon alone. */
function addressOf(module) {
  return module.startsWith("@polyvisor/") || /^(node:|\.)/.test(module) ? module : require.resolve(module);
}
