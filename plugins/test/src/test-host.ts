import type { Log } from "@polyvisor/core";
import type { NodeDevice } from "@polyvisor/sdk/conf/node-device";
import { ObjectEventHub } from "@polyvisor/sdk/events";
import { ObjectRegistry } from "@polyvisor/sdk/store";
import { TestInterfaces } from "./test-interfaces.js";
import type { TestNetwork } from "./test-network.js";
import { TestNodeDevices } from "./test-node-devices.js";
import type { TestPool } from "./test-pool.js";

/** The made-up host that the domains of one node run on: its networks, storage, interfaces and devices. */
export class TestHost {
  readonly networks = new ObjectRegistry<TestNetwork>({
    what: "network",
    missing: "NO_NETWORK",
    from: "TEST",
    hint: "`net-list --all` shows the networks that are here",
  });
  readonly pools = new ObjectRegistry<TestPool>({
    what: "storage pool",
    missing: "NO_STORAGE_POOL",
    from: "TEST",
    hint: "`pool-list --all` shows the pools that are here",
  });
  readonly interfaces = new TestInterfaces();
  readonly devices: TestNodeDevices;
  readonly events: ObjectEventHub;

  constructor(log: Log, devices: readonly NodeDevice[]) {
    this.events = new ObjectEventHub(log);
    this.devices = new TestNodeDevices(this.events, devices);
  }
}
