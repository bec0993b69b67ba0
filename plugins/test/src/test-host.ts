import type { Log } from "@polyvisor/core";
import { ObjectEventHub } from "@polyvisor/sdk/events";
import { ObjectRegistry } from "@polyvisor/sdk/store";
import { defaultDevices, defaultInterface, defaultNetwork, defaultPool } from "./default-host.js";
import { TestInterfaces } from "./test-interfaces.js";
import { TestNetwork } from "./test-network.js";
import { TestNodeDevices } from "./test-node-devices.js";
import { TestPool } from "./test-pool.js";

/** The made-up host that the domains of one `test:///default` run on: its networks, storage, interfaces and devices. */
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

  constructor(log: Log) {
    this.events = new ObjectEventHub(log);
    this.devices = new TestNodeDevices(this.events, defaultDevices());
    const network = new TestNetwork(defaultNetwork(), true);
    network.start();
    this.networks.add(network);
    const pool = new TestPool(defaultPool(), true);
    pool.start();
    this.pools.add(pool);
    this.interfaces.define(defaultInterface()).active = true;
  }
}
