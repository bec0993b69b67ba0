import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import test from "ava";

/** Bridges are made in a network namespace of the test's own, which goes with the process in it. */
const IN_NAMESPACE = ["unshare", "--net", "--"] as const;
const SCENARIO = fileURLToPath(new URL("./scenario.js", import.meta.url));

function run(...words: readonly string[]) {
  const [unshare, ...args] = [...IN_NAMESPACE, ...words];
  return spawnSync(unshare, args, { encoding: "utf8", timeout: 120_000 });
}

const canHave = run("ip", "link", "add", "probe0", "type", "bridge").status === 0;
const inNamespace = canHave ? test : test.skip;

inNamespace(
  `networks are bridges, which outlive their driver${canHave ? "" : " (no network namespaces here)"}`,
  (t) => {
    const { stdout, stderr } = run(process.execPath, SCENARIO);
    t.is(stderr, "");
    t.deepEqual(JSON.parse(stdout), {
      defined: { name: "lan", bridge: "virbr0", active: [], inactive: ["lan"] },
      early: "Requested operation is not valid: network 'lan' is not active",
      started: { bridge: true, address: "192.0.2.1/24", active: ["lan"] },
      port: { bridge: "virbr0", connections: "1" },
      again: "NETWORK_PORT_EXIST",
      afterRestart: { active: ["lan"], ports: ["aaaaaaaa-3b1f-42e7-8462-cb4af457bda7"] },
      deleted: "NO_NETWORK_PORT",
      stopped: { bridge: false, active: [], ports: 0 },
      undefined: "NO_NETWORK",
      forward: "CONFIG_UNSUPPORTED",
    });
  },
);
