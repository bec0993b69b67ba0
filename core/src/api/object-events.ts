import { type Fields, type FieldsIn, i32, type StructCodec, struct } from "../xdr/index.js";
import { network, nodeDevice, secret, storagePool } from "./objects.js";

/** What an event can be about that is not a domain. */
export type EventObject = "network" | "storagePool" | "nodeDevice" | "secret";

/** One kind of event about such an object. On the wire its body follows the id of the registration (`callbackID`). */
export interface ObjectEventSpec<F extends Fields = Fields> {
  readonly about: EventObject;
  /** The number under which clients register for it, among those about the same sort of object. */
  readonly id: number;
  /** The procedure that carries it. */
  readonly number: number;
  /** The body in the order of the wire; the object comes first, as `object`. */
  readonly body: StructCodec<F>;
}

function objectEvent<const F extends Fields>(
  about: EventObject,
  id: number,
  number: number,
  body: F,
): ObjectEventSpec<F> {
  return { about, id, number, body: struct(body) };
}

const lifecycle = { event: i32, detail: i32 } as const;

/** All of them: `event` is of the `VIR_*_EVENT_*` numbers of the object, `detail` always 0 so far. */
export const objectEvents = {
  networkLifecycle: objectEvent("network", 0, 315, { object: network, ...lifecycle }),
  storagePoolLifecycle: objectEvent("storagePool", 0, 370, { object: storagePool, ...lifecycle }),
  storagePoolRefresh: objectEvent("storagePool", 1, 373, { object: storagePool }),
  nodeDeviceLifecycle: objectEvent("nodeDevice", 0, 376, { object: nodeDevice, ...lifecycle }),
  nodeDeviceUpdate: objectEvent("nodeDevice", 1, 377, { object: nodeDevice }),
  secretLifecycle: objectEvent("secret", 0, 382, { object: secret, ...lifecycle }),
  secretValueChanged: objectEvent("secret", 1, 383, { object: secret }),
} as const;

export type ObjectEventKind = keyof typeof objectEvents;

type BodyOf<S> = S extends ObjectEventSpec<infer F> ? FieldsIn<F> : never;

/** An event as a driver emits it and a client sees it: its kind and what its body carries. */
export type ObjectEvent = {
  [K in ObjectEventKind]: { readonly kind: K } & Readonly<BodyOf<(typeof objectEvents)[K]>>;
}[ObjectEventKind];

export const OBJECT_EVENT_KINDS = Object.keys(objectEvents) as readonly ObjectEventKind[];

/** The kind that clients register for under `id`, or `undefined` where libvirt has none. */
export function objectEventKind(about: EventObject, id: number): ObjectEventKind | undefined {
  return OBJECT_EVENT_KINDS.find((kind) => objectEvents[kind].about === about && objectEvents[kind].id === id);
}

/** What tells two objects of one sort apart: the UUID, or the name where there is none. */
export function objectKey(object: { readonly uuid?: string; readonly name?: string }): string {
  return object.uuid ?? object.name ?? "";
}
