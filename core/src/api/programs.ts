import { adminApi } from "./admin.js";
import { authApi } from "./auth.js";
import { connectApi } from "./connect.js";
import type { Call, ClientOf } from "./define.js";
import { domainActionsApi } from "./domain-actions.js";
import { domainBlockApi } from "./domain-block.js";
import { domainCheckpointApi } from "./domain-checkpoint.js";
import { domainConfigApi } from "./domain-config.js";
import { domainDevicesApi } from "./domain-devices.js";
import { domainGuestApi } from "./domain-guest.js";
import { domainJobApi } from "./domain-job.js";
import { domainLifecycleApi } from "./domain-lifecycle.js";
import { domainMigrationApi } from "./domain-migration.js";
import { domainSaveApi } from "./domain-save.js";
import { domainSnapshotApi } from "./domain-snapshot.js";
import { domainTuningApi } from "./domain-tuning.js";
import { eventsRegistrationApi } from "./events-registration.js";
import { hostApi } from "./host.js";
import { interfaceApi } from "./interface.js";
import { networkApi } from "./network.js";
import { nodeDeviceApi } from "./node-device.js";
import { nwfilterApi } from "./nwfilter.js";
import { polyvisorApi } from "./polyvisor.js";
import { secretApi } from "./secret.js";
import { storagePoolApi } from "./storage-pool.js";
import { storageVolumeApi } from "./storage-volume.js";

const remoteApi = {
  ...connectApi,
  ...domainLifecycleApi,
  ...domainConfigApi,
  ...domainActionsApi,
  ...domainBlockApi,
  ...domainCheckpointApi,
  ...domainDevicesApi,
  ...domainGuestApi,
  ...domainJobApi,
  ...domainMigrationApi,
  ...domainSaveApi,
  ...domainSnapshotApi,
  ...domainTuningApi,
  ...eventsRegistrationApi,
  ...hostApi,
  ...interfaceApi,
  ...networkApi,
  ...nodeDeviceApi,
  ...nwfilterApi,
  ...secretApi,
  ...storagePoolApi,
  ...storageVolumeApi,
  ...authApi,
};

/** Every call that a hypervisor driver or the session answers, whatever program it belongs to. */
export const hypervisorApi = { ...remoteApi, ...polyvisorApi };

export type HypervisorApi = typeof hypervisorApi;
export type HypervisorCallName = keyof HypervisorApi;
/** The calls of the remote program alone, which any libvirtd answers. */
export interface RemoteProgramClient extends ClientOf<typeof remoteApi> {}
export interface HypervisorClient extends ClientOf<HypervisorApi> {}

/** A set of procedures under one number (`REMOTE_PROGRAM` and its like). */
export interface Program {
  readonly name: string;
  readonly number: number;
  readonly version: number;
  readonly calls: Readonly<Record<string, Call>>;
}

export const remoteProgram = {
  name: "remote",
  number: 0x20008086,
  version: 1,
  calls: remoteApi,
} as const satisfies Program;

/** Ours alone: a client of libvirt never meets it, and a libvirtd answers that it has no such program. */
export const polyvisorProgram = {
  name: "polyvisor",
  number: 0x506f6c79,
  version: 1,
  calls: polyvisorApi,
} as const satisfies Program;

/** Calls about the daemon itself, on a socket of their own. */
export const adminProgram = {
  name: "admin",
  number: 0x06900690,
  version: 1,
  calls: adminApi,
} as const satisfies Program;

/** The programs whose calls `hypervisorApi` has. */
export const PROGRAMS: readonly Program[] = [remoteProgram, polyvisorProgram];

/** Pings between peers. It has two messages without a body, so the framing layer answers it. */
export const keepaliveProgram = { number: 0x6b656570, version: 1, ping: 1, pong: 2 } as const;

/** The library version that we claim, 9.0.0: which calls a client may expect of its peer. */
export const LIB_VERSION = 9000000;
