import type { GoldenSuites } from "../case.js";
import { backupSuites } from "./backup.js";
import { cgroupSuites } from "./cgroup.js";
import { domainSuites } from "./domain.js";
import { hostSuites } from "./host.js";
import { interfaceSuites } from "./interface.js";
import { jsonSuites } from "./json.js";
import { networkSuites } from "./network.js";
import { nodeDeviceSuites } from "./node-device.js";
import { nwfilterSuites } from "./nwfilter.js";
import { secretSuites } from "./secret.js";
import { snapshotSuites } from "./snapshot.js";
import { storageSuites } from "./storage.js";
import { sysinfoSuites } from "./sysinfo.js";

/** The suites of what all drivers share. */
export const sdkSuites: GoldenSuites = {
  ...cgroupSuites,
  ...networkSuites,
  ...nwfilterSuites,
  ...domainSuites,
  ...hostSuites,
  ...backupSuites,
  ...snapshotSuites,
  ...sysinfoSuites,
  ...interfaceSuites,
  ...jsonSuites,
  ...nodeDeviceSuites,
  ...secretSuites,
  ...storageSuites,
};
