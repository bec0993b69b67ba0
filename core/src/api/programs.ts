import { adminApi } from "./admin.js";
import { authApi } from "./auth.js";
import { connectApi } from "./connect.js";
import type { Call, ClientOf, Message } from "./define.js";
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
import { keepaliveMessages } from "./keepalive.js";
import { lockDaemonApi } from "./lock.js";
import { logDaemonApi } from "./log.js";
import { lxcApi } from "./lxc.js";
import { lxcMonitorMessages } from "./lxc-monitor.js";
import { networkApi } from "./network.js";
import { nodeDeviceApi } from "./node-device.js";
import { nwfilterApi } from "./nwfilter.js";
import { polyvisorApi } from "./polyvisor.js";
import { qemuApi, qemuMessages } from "./qemu.js";
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
export const hypervisorApi = { ...remoteApi, ...qemuApi, ...lxcApi, ...polyvisorApi };

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
  /** What its peers send unasked. The events of the remote program are in tables of their own. */
  readonly messages?: Readonly<Record<string, Message>>;
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

/** What only QEMU's driver has. */
export const qemuProgram = {
  name: "qemu",
  number: 0x20008087,
  version: 1,
  calls: qemuApi,
  messages: qemuMessages,
} as const satisfies Program;

/** What only the driver of Linux containers has. */
export const lxcProgram = { name: "lxc", number: 0x68000, version: 1, calls: lxcApi } as const satisfies Program;

/** The programs whose calls `hypervisorApi` has. */
export const PROGRAMS: readonly Program[] = [remoteProgram, polyvisorProgram, qemuProgram, lxcProgram];

/** Spoken with a lock daemon. */
export const lockProgram = {
  name: "lock",
  number: 0x0ea7beef,
  version: 1,
  calls: lockDaemonApi,
} as const satisfies Program;

/** Spoken with a log daemon. */
export const logProgram = {
  name: "log",
  number: 0x87539319,
  version: 1,
  calls: logDaemonApi,
} as const satisfies Program;

/** Spoken by the process beside a container. */
export const lxcMonitorProgram = {
  name: "lxc monitor",
  number: 0x12341234,
  version: 1,
  calls: {},
  messages: lxcMonitorMessages,
} as const satisfies Program;

/** Pings between peers. Its messages have no body, so the framing layer answers them. */
export const keepaliveProgram = {
  name: "keepalive",
  number: 0x6b656570,
  version: 1,
  calls: {},
  messages: keepaliveMessages,
  ping: keepaliveMessages.ping.number,
  pong: keepaliveMessages.pong.number,
} as const satisfies Program & { readonly ping: number; readonly pong: number };

/** The library version that we claim, 9.0.0: which calls a client may expect of its peer. */
export const LIB_VERSION = 9000000;
