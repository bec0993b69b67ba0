import { interfaceApi } from "../api/interface.js";
import { networkApi } from "../api/network.js";
import { nodeDeviceApi } from "../api/node-device.js";
import { nwfilterApi } from "../api/nwfilter.js";
import { hypervisorApi } from "../api/programs.js";
import { secretApi } from "../api/secret.js";
import { storagePoolApi } from "../api/storage-pool.js";
import { storageVolumeApi } from "../api/storage-volume.js";
import { loginApi } from "./auth.js";
import type { Contract } from "./contract.js";
import { lockApi } from "./lock.js";
import { logApi } from "./log-manager.js";
import { policyApi } from "./policy.js";
import { securityApi } from "./security.js";
import { HYPERVISORS_NODE_DEVICE_CALLS } from "./sub-drivers.js";

const storageApi = { ...storagePoolApi, ...storageVolumeApi };

type NodeDeviceApi = Omit<typeof nodeDeviceApi, (typeof HYPERVISORS_NODE_DEVICE_CALLS)[number]>;

/** Without what only a hypervisor can answer. */
const nodedevApi = Object.fromEntries(
  Object.entries(nodeDeviceApi).filter(
    ([name]) => !(HYPERVISORS_NODE_DEVICE_CALLS as readonly string[]).includes(name),
  ),
) as NodeDeviceApi;

/** The tables of the contracts that one plugin may ask another one for. */
export interface ServedApis {
  "network.v1": typeof networkApi;
  "storage.v1": typeof storageApi;
  "nodedev.v1": NodeDeviceApi;
  "interface.v1": typeof interfaceApi;
  "nwfilter.v1": typeof nwfilterApi;
  "secret.v1": typeof secretApi;
  "lock.v1": typeof lockApi;
  "log.v1": typeof logApi;
  "security.v1": typeof securityApi;
}

/** Sub-drivers: contracts of a part of libvirt's API each, whose calls reach a host by any hypervisor's connection. */
export const SUB_CONTRACTS = [
  "network.v1",
  "storage.v1",
  "nodedev.v1",
  "interface.v1",
  "nwfilter.v1",
  "secret.v1",
] as const;

const first = { major: 1, since: "0.1.0", stability: "young" } as const;

/** The contracts of this core. A host may be given more (`HostOptions.contracts`). */
export const CONTRACTS: readonly Contract[] = [
  { name: "hypervisor", ...first, api: hypervisorApi, provider: "driver" },
  { name: "network", ...first, api: networkApi, provider: "driver", eventsAbout: ["network"] },
  { name: "storage", ...first, api: storageApi, provider: "driver", eventsAbout: ["storagePool"] },
  { name: "nodedev", ...first, api: nodedevApi, provider: "driver", eventsAbout: ["nodeDevice"] },
  { name: "interface", ...first, api: interfaceApi, provider: "driver" },
  { name: "nwfilter", ...first, api: nwfilterApi, provider: "driver" },
  { name: "secret", ...first, api: secretApi, provider: "driver", eventsAbout: ["secret"] },
  { name: "security", ...first, api: securityApi, provider: "handlers" },
  { name: "lock", ...first, api: lockApi, provider: "handlers" },
  { name: "log", ...first, api: logApi, provider: "handlers" },
  { name: "auth", ...first, api: loginApi, provider: "handlers" },
  { name: "policy", ...first, api: policyApi, provider: "handlers" },
];
