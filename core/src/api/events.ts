import {
  array,
  type Fields,
  type FieldsIn,
  i32,
  i64,
  optional,
  type StructCodec,
  struct,
  u32,
  u64,
} from "../xdr/index.js";
import { domain, text, typedParam } from "./types.js";

/**
 * One kind of domain event. On the wire its body follows the id of the registration (`callbackID`).
 */
export interface DomainEventSpec<F extends Fields = Fields> {
  /** The number under which clients register for it (`VIR_DOMAIN_EVENT_ID_*`). */
  readonly id: number;
  /** The procedure that carries it to clients that registered with a callback id. */
  readonly number: number;
  /** The procedure for clients that registered the old way, which has no callback id. */
  readonly legacy: number | undefined;
  /** The body, in the order of the wire. */
  readonly body: StructCodec<F>;
  /** The body that goes with the procedure without a callback id. */
  readonly legacyBody: StructCodec<Fields>;
}

function event<const F extends Fields>(
  id: number,
  number: number,
  legacy: number | undefined,
  fields: F,
): DomainEventSpec<{ dom: typeof domain } & F> {
  const body = struct({ dom: domain, ...fields });
  return { id, number, legacy, body, legacyBody: body as unknown as StructCodec<Fields> };
}

/** An event that libvirt sends with a reason before the domain, but not to old clients; the reason is always 0. */
function reasonFirst(
  id: number,
  number: number,
  legacy: number,
): DomainEventSpec<{ reason: typeof i32; dom: typeof domain }> {
  const legacyBody = struct({ dom: domain }) as unknown as StructCodec<Fields>;
  return { id, number, legacy, body: struct({ reason: i32, dom: domain }), legacyBody };
}

const graphicsAddress = struct({ family: i32, node: text, service: text });
const graphicsIdentity = struct({ type: text, name: text });

/** All 27 kinds, in the order of their ids. */
export const domainEvents = {
  /** `event` is a member of `LIFECYCLE_EVENT`, `detail` of the table that belongs to it. */
  lifecycle: event(0, 318, 107, { event: i32, detail: i32 }),
  reboot: event(1, 319, 169, {}),
  rtcChange: event(2, 320, 170, { offset: i64 }),
  watchdog: event(3, 321, 171, { action: i32 }),
  ioError: event(4, 322, 172, { srcPath: text, devAlias: text, action: i32 }),
  graphics: event(5, 323, 173, {
    phase: i32,
    local: graphicsAddress,
    remote: graphicsAddress,
    authScheme: text,
    subject: array(graphicsIdentity, 20),
  }),
  ioErrorReason: event(6, 324, 195, { srcPath: text, devAlias: text, action: i32, reason: text }),
  controlError: event(7, 325, 224, {}),
  blockJob: event(8, 326, 241, { path: text, type: i32, status: i32 }),
  diskChange: event(9, 327, 248, {
    oldSrcPath: optional(text),
    newSrcPath: optional(text),
    devAlias: text,
    reason: i32,
  }),
  trayChange: event(10, 328, 268, { devAlias: text, reason: i32 }),
  pmWakeup: reasonFirst(11, 329, 269),
  pmSuspend: reasonFirst(12, 330, 270),
  /** `actual` is in KiB. */
  balloonChange: event(13, 331, 276, { actual: u64 }),
  pmSuspendDisk: reasonFirst(14, 332, 292),
  deviceRemoved: event(15, 333, 311, { devAlias: text }),
  blockJob2: event(16, 339, undefined, { dst: text, type: i32, status: i32 }),
  tunable: event(17, 346, undefined, { params: array(typedParam, 2048) }),
  agentLifecycle: event(18, 348, undefined, { state: i32, reason: i32 }),
  deviceAdded: event(19, 354, undefined, { devAlias: text }),
  migrationIteration: event(20, 359, undefined, { iteration: i32 }),
  jobCompleted: event(21, 363, undefined, { params: array(typedParam, 64) }),
  deviceRemovalFailed: event(22, 367, undefined, { devAlias: text }),
  metadataChange: event(23, 379, undefined, { type: i32, nsuri: optional(text) }),
  blockThreshold: event(24, 385, undefined, { dev: text, path: optional(text), threshold: u64, excess: u64 }),
  memoryFailure: event(25, 423, undefined, { recipient: i32, action: i32, flags: u32 }),
  memoryDeviceSizeChange: event(26, 438, undefined, { alias: text, size: u64 }),
} as const;

export type DomainEventKind = keyof typeof domainEvents;

type BodyOf<S> = S extends DomainEventSpec<infer F> ? FieldsIn<F> : never;

/** An event as a driver emits it and a client sees it: its kind and what its body carries. */
export type DomainEvent = {
  [K in DomainEventKind]: { readonly kind: K } & Readonly<BodyOf<(typeof domainEvents)[K]>>;
}[DomainEventKind];
export type LifecycleEvent = Extract<DomainEvent, { kind: "lifecycle" }>;

export const DOMAIN_EVENT_KINDS = Object.keys(domainEvents) as readonly DomainEventKind[];

/** The kind that clients register for under `id`, or `undefined` where libvirt has none. */
export function domainEventKind(id: number): DomainEventKind | undefined {
  return DOMAIN_EVENT_KINDS[id];
}

/** Tells clients that asked for it that the driver's own connection is gone (`connect_event_connection_closed`). */
export const connectionClosedEvent = { number: 362, body: struct({ reason: i32 }) } as const;
