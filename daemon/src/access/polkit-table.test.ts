import { VirtError } from "@polyvisor/core";
import test from "ava";
import { PolkitOnBus } from "../auth/polkit-bus.js";
import type { Entry } from "../rpc/table.js";
import { argsOf, callOn, ENTRIES, madeUpDriver } from "../testing/made-up-driver.js";
import { startPolkit, whyNoPolkit } from "../testing/polkit.js";
import { RecordedLog } from "../testing/recorded-log.js";
import { polkitPolicy } from "./polkit.js";

/** libvirt's details, by the sort of object in an action's name. */
const DETAILS = {
  connect: [],
  domain: ["domain_name", "domain_uuid"],
  interface: ["interface_name", "interface_macaddr"],
  network: ["network_name", "network_uuid"],
  "network-port": ["network_name", "network_uuid", "port_uuid"],
  "node-device": ["node_device_name"],
  nwfilter: ["nwfilter_name", "nwfilter_uuid"],
  "nwfilter-binding": ["nwfilter_binding_portdev", "nwfilter_binding_filter"],
  secret: ["secret_uuid", "secret_usage_volume"],
  "storage-pool": ["pool_name", "pool_uuid"],
  "storage-vol": ["pool_name", "pool_uuid", "vol_name", "vol_key"],
};

/** Allows what comes with libvirt's details and without a client's lies; of what is only to be made little may be known. */
const RULES = `var details = ${JSON.stringify(DETAILS)};
polkit.addRule(function(action, subject) {
  var parts = action.id.split(".");
  if (parts.length != 5 || parts[2] != "api" || subject.user != "daemon") return;
  var values = details[parts[3]].map(function(name) { return action.lookup(name); });
  if (action.lookup("connect_driver") != "test" || values.indexOf("liar") >= 0) return polkit.Result.NO;
  var known = values.filter(function(value) { return value; });
  var isMade = known.length == 0 || known.indexOf("made-up") >= 0 || known[0].indexOf("0009") >= 0;
  return known.length == values.length || isMade ? polkit.Result.YES : polkit.Result.NO;
});
`;

const why = await whyNoPolkit();

if (why !== undefined) test.skip(`polkit is asked about every call: ${why}`, () => {});
else {
  const polkit = await startPolkit(RULES);
  process.env.DBUS_SYSTEM_BUS_ADDRESS = polkit.address;
  test.after.always(() => polkit.stop());

  test("made-up driver: of every call polkit knows the actions and learns libvirt's details of the true object", async (t) => {
    const policy = polkitPolicy(new PolkitOnBus());
    const log = new RecordedLog();
    const daemon = { identity: { uid: 1, pid: process.pid }, log };
    const carriedOut = await Promise.all(
      ENTRIES.map(async (entry) => {
        const { connection, done } = madeUpDriver();
        await callOn(entry, argsOf(entry), connection, policy, daemon).catch((error: unknown) => {
          if (!(error instanceof VirtError)) throw error;
        });
        return done.some(([name]) => name === entry.name) || entry.call.aclFilter !== undefined;
      }),
    );
    t.deepEqual(
      ENTRIES.filter((_, index) => !carriedOut[index]).map(({ name }) => name),
      [],
    );
    t.deepEqual(log.lines, []);

    const nobody = { identity: { uid: 65534, pid: process.pid }, log };
    const destroy = ENTRIES.find(({ name }) => name === "domainDestroy") as Entry;
    const { connection } = madeUpDriver();
    await t.throwsAsync(callOn(destroy, argsOf(destroy), connection, policy, nobody), { message: /denied access/ });
  });
}
