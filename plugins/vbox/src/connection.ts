import type { Domain, HypervisorConnection } from "@polyvisor/core";
import { connectHandlers } from "./handlers/connect.js";
import { definitionHandlers } from "./handlers/definition.js";
import { deviceHandlers } from "./handlers/devices.js";
import { lifecycleHandlers } from "./handlers/lifecycle.js";
import { networkHandlers } from "./handlers/networks.js";
import { queryHandlers } from "./handlers/queries.js";
import { screenHandlers } from "./handlers/screen.js";
import { sizeHandlers } from "./handlers/sizes.js";
import { snapshotHandlers } from "./handlers/snapshots.js";
import { storageHandlers } from "./handlers/storage.js";
import { Machines } from "./machine/machines.js";
import type { VBoxManage } from "./manage/index.js";

/** All that a client can ask of VirtualBox. Called for each connection. */
export function connectionTo(machines: Machines, uri: string): HypervisorConnection {
  return {
    ...connectHandlers(machines),
    ...queryHandlers(machines),
    ...lifecycleHandlers(machines),
    ...definitionHandlers(machines),
    ...sizeHandlers(machines),
    ...deviceHandlers(machines),
    ...snapshotHandlers(machines),
    ...screenHandlers(machines),
    ...networkHandlers(machines),
    ...storageHandlers(machines),
    uri,
    // Networks and disks are VirtualBox's own: those of the host's drivers are no use to its machines.
    isElsewhere: true,
    resolveDomain: async (reference: Domain) => (await machines.find(reference)).ref,
    close() {},
  };
}

/** Called once, for the first connection. */
export function machinesOf(manage: VBoxManage): Machines {
  return new Machines(manage);
}
