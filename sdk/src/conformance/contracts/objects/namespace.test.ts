import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import test from "ava";
import type { Report } from "../../kit/index.js";

const run = promisify(execFile);
const SCRIPT = fileURLToPath(new URL("./testing/run-plugin.js", import.meta.url));
const PLUGIN = fileURLToPath(new URL("../../../../../examples/network-bridge", import.meta.url));
/** Bridges are made in a network namespace of the test's own, which goes with the process in it. */
const UNSHARE = ["--net", "--"] as const;

const canHave = await run("unshare", [...UNSHARE, "ip", "link", "add", "probe0", "type", "bridge"]).then(
  () => true,
  () => false,
);
const inNamespace = canHave ? test : test.skip;

inNamespace(
  `a driver of networks alone passes the kit of networks${canHave ? "" : " (no network namespaces here)"}`,
  async (t) => {
    const { stdout } = await run("unshare", [
      ...UNSHARE,
      process.execPath,
      SCRIPT,
      "network",
      PLUGIN,
      "network:///system",
    ]);
    const report = JSON.parse(stdout) as Report;
    t.deepEqual(
      report.results.filter(({ outcome }) => outcome === "failed"),
      [],
    );
    t.is(
      report.results.find(({ name }) => name === "network: definitions are there still after a restart")?.outcome,
      "passed",
    );
    t.true(report.passed > 30, `${report.passed} passed`);
  },
);
