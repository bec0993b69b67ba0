import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import test from "ava";

const run = promisify(execFile);
const SCENARIO = fileURLToPath(new URL("../testing/network-scenario.js", import.meta.url));
const PROBE =
  "ip link add probe0 type veth peer name probe1 && ip link add link probe0 type macvlan && ip link add type bridge";

const canHave = await run("unshare", ["--net", "sh", "-c", PROBE]).then(
  () => true,
  () => false,
);
const inNamespace = canHave ? test : test.skip;

interface Seen {
  readonly before: readonly string[];
  readonly made: {
    readonly namespace: unknown;
    readonly names: readonly (readonly (string | null)[])[];
    readonly inside: readonly string[];
    readonly addresses: readonly string[];
    readonly routes: readonly string[];
    readonly bridge: string;
    readonly classes: string;
    readonly mtu: string;
    readonly host: boolean;
  };
  readonly plugged: string;
  readonly withOneMore: readonly string[];
  readonly withoutIt: readonly string[];
  readonly failed: readonly unknown[];
  readonly released: { readonly links: readonly string[]; readonly pinned: boolean };
  readonly refusals: Readonly<Record<string, readonly [string, boolean]>>;
  readonly alone: readonly string[];
  readonly shared: unknown;
  readonly names: number;
  readonly after: readonly string[];
}

inNamespace(`the network of a container${canHave ? "" : " (no network namespaces here)"}`, async (t) => {
  const { stdout } = await run("unshare", ["--net", process.execPath, SCENARIO]);
  const seen = JSON.parse(stdout) as Seen;
  const { made, released } = seen;

  t.deepEqual(made.inside, ["eth0", "eth1", "lend0", "lo", "uplink"], "what the container has");
  t.deepEqual(made.names, [
    ["vnet0", "eth0"],
    [null, "eth1"],
    ["outside", "uplink"],
  ]);
  const eth0 = made.addresses.find((line) => line.startsWith("eth0")) ?? "";
  t.regex(eth0, /10\.1\.1\.2\/24/);
  t.regex(eth0, /fd00::2\/64/);
  t.true(
    made.addresses.some((line) => line.startsWith("lo ") && line.includes("127.0.0.1/8")),
    "loopback is up",
  );
  t.true(made.addresses.some((line) => line.startsWith("lend0") && line.includes("10.9.9.9/8")));
  t.true(made.routes.includes("default via 10.1.1.1 dev eth0"));
  t.regex(made.bridge, /^vnet0/);
  t.regex(made.classes, /rate 8Mbit ceil 40Mbit burst 1Mb/);
  t.is(made.mtu, "1400");
  t.true(made.host, "the host's end of the ethernet interface has its address");

  t.is(seen.plugged, "eth2");
  t.true(seen.withOneMore.includes("eth2"));
  t.deepEqual(seen.withoutIt, made.inside);
  const words = "Unable to add bridge nobr port vnet1: No such device";
  t.deepEqual(seen.failed, [words, made.inside, ["vnet0"]], "nothing is left of a card that cannot be plugged in");

  t.deepEqual(released, { links: seen.before, pinned: false }, "nothing is left, and the host's card is back");
  t.deepEqual(seen.refusals, {
    "no such bridge": ["SYSTEM_ERROR: Unable to add bridge nobr port vnet0: No such device", false],
    "a user's network": ["INTERNAL_ERROR: Unsupported network type user", false],
    "no such device below": ["SYSTEM_ERROR: error creating macvlan interface on 'gone': No such device", false],
    "a name that is taken": ["SYSTEM_ERROR: Failed to create veth device pair: File exists", false],
    "bandwidth of macvlan": ["CONFIG_UNSUPPORTED: Unable to set network bandwidth on direct interfaces", false],
    "no such network": ["NO_NETWORK: no network with matching name 'default'", false],
    "no such card": ["SYSTEM_ERROR: Unable to move the host's card 'nothere': No such device", false],
    "a name with words": ["INVALID_ARG: 'br0 up' is not a name of a network device", false],
  });
  t.deepEqual(seen.alone, ["lo"]);
  t.is(seen.shared, "host");
  t.is(seen.names, 6, "containers that start at once have cards of their own");
  t.deepEqual(seen.after, seen.before);
});
