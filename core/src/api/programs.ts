import { connectApi } from "./connect.js";
import type { Call, ClientOf } from "./define.js";
import { domainConfigApi } from "./domain-config.js";
import { domainLifecycleApi } from "./domain-lifecycle.js";

/** Every call of libvirt's remote program that a hypervisor driver or the session answers. */
export const hypervisorApi = { ...connectApi, ...domainLifecycleApi, ...domainConfigApi };

export type HypervisorApi = typeof hypervisorApi;
export type HypervisorCallName = keyof HypervisorApi;
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
  calls: hypervisorApi,
} as const satisfies Program;

/** Pings between peers. It has two messages without a body, so the framing layer answers it. */
export const keepaliveProgram = { number: 0x6b656570, version: 1, ping: 1, pong: 2 } as const;

/** The library version that we claim, 9.0.0: which calls a client may expect of its peer. */
export const LIB_VERSION = 9000000;
