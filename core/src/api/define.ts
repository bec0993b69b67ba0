import type { CallContext, MaybePromise } from "../contracts/context.js";
import type { Descriptor } from "../contracts/descriptor.js";
import {
  type Codec,
  type Fields,
  type FieldsIn,
  type FieldsOut,
  type InOf,
  type OutOf,
  type StructCodec,
  struct,
} from "../xdr/index.js";
import { isLooking, type Permission, parsePermission } from "./acl.js";

/**
 * Quirks of the wire that a driver should not see, declared beside the codecs:
 * - `returns`: the reply has this one field, and the call returns its value.
 * - `list`: `needResults` and the count are the wire's; the call returns the list.
 * - `upTo`: the list is cut to the number that the client asked for in `limit`, which may be `max` where that is less than usual.
 * - `sized`: the call returns the list; a client first asks for its length with 0 in `count`, then for so many entries,
 *   of which there are never more than `max`.
 */
export type Shape =
  | { readonly returns: string }
  | { readonly list: string }
  | { readonly upTo: string; readonly limit: string; readonly max?: number }
  | { readonly sized: string; readonly count: string; readonly max: number };

export interface CallOptions {
  /** Permissions in the spelling of libvirt's protocol files, such as `domain:save:!VIR_DOMAIN_AFFECT_CONFIG`. */
  readonly acl: readonly string[];
  /** Entries of the result are left out for a client that lacks this permission on them. */
  readonly aclFilter?: string;
  /** A read-only connection may not make the call, although its permissions only look: libvirt's library says so itself. */
  readonly writes?: true;
  /** High-priority calls never wait behind slow ones. */
  readonly priority?: "high";
  /**
   * The call opens a stream: libvirt's declared direction. The handler returns the stream's other end; where the reply
   * has fields, too, they stand beside it (`Streamed`). Has no `shape`.
   */
  readonly stream?: "read" | "write";
  /** The flag by which a client says that the stream may have holes (`StreamHole`). */
  readonly sparseFlag?: number;
  /**
   * Open descriptors go with the call, which only a unix socket carries. `taken`: they come with it, and are closed once it
   * has ended but for those that the handler took out (`Takes`). `given`: the reply brings one (`Gives`); `several`: it brings
   * any number of them, and nothing else. Neither has a `shape`.
   */
  readonly descriptors?: "taken" | "given" | "several";
  /** Answered by the session in the daemon, never by a driver. */
  readonly by?: "session";
}

type ShapedArgs<A, S> = S extends { list: string }
  ? Omit<A, "needResults">
  : S extends { upTo: string; limit: infer L extends string } | { sized: string; count: infer L extends string }
    ? Omit<A, L>
    : A;

type Field<R, K> = K extends keyof R ? R[K] : never;
type ShapedRet<R, S> = S extends { returns: infer K } | { list: infer K } | { upTo: infer K } | { sized: infer K }
  ? Field<R, K>
  : [keyof R] extends [never]
    ? // biome-ignore lint/suspicious/noConfusingVoidType: a handler without a result returns nothing, not undefined
      void
    : R;

/** What a call takes that comes with descriptors: 32 at most, and none where a caller has none to give. */
export interface Takes {
  readonly descriptors: readonly Descriptor[];
}

/** What a call gives whose reply brings a descriptor: that, or with it what the reply carries. */
export type Gives<R> = [keyof R] extends [never] ? Descriptor : R & { readonly descriptor: Descriptor };

type Given<R, O> = O extends { stream: string }
  ? Streamed<R>
  : O extends { descriptors: "given" }
    ? Gives<R>
    : O extends { descriptors: "several" }
      ? readonly Descriptor[]
      : O extends { shape: infer S }
        ? ShapedRet<R, S>
        : ShapedRet<R, undefined>;
type Taken<A, O> = O extends { descriptors: "taken" } ? A & Takes : A;
type Offered<A, O> = O extends { descriptors: "taken" } ? A & Partial<Takes> : A;

/** A duplex byte stream in the shape of Node's own, so that a driver can hand over a socket or a pseudo-terminal. */
export type ByteStream = import("node:stream").Duplex;

/** What a call gives that opens a stream: the stream, or with it what the reply carries. */
export type Streamed<R> = [keyof R] extends [never] ? ByteStream : R & { readonly stream: ByteStream };

/**
 * One call of the API. `Args` and `Ret` are what a handler takes and gives; `ClientArgs` and `ClientRet` what a caller
 * gives and gets (they differ where a codec accepts more than it produces).
 */
export interface Call<Args = unknown, Ret = unknown, ClientArgs = unknown, ClientRet = unknown> {
  readonly kind: "call";
  readonly number: number;
  readonly args: StructCodec<Fields>;
  readonly ret: StructCodec<Fields>;
  readonly shape: Shape | undefined;
  readonly acl: readonly Permission[];
  /** `acl` as it was declared, for tables and tests. */
  readonly aclText: readonly string[];
  readonly aclFilter: Permission | undefined;
  readonly priority: "high" | "low";
  readonly stream: "read" | "write" | undefined;
  readonly sparseFlag: number | undefined;
  readonly descriptors: "taken" | "given" | "several" | undefined;
  readonly by: "driver" | "session";
  /** A read-only connection may make this call (flags may still forbid it). */
  readonly readOnly: boolean;
  /** Type information only; never present at run time. */
  readonly types?: { args: Args; ret: Ret; clientArgs: ClientArgs; clientRet: ClientRet };
}

export function call<
  const A extends Fields,
  const R extends Fields,
  const O extends CallOptions & { readonly shape?: Shape },
>(
  number: number,
  args: A,
  ret: R,
  options: O,
): Call<
  Taken<ShapedArgs<FieldsOut<A>, O["shape"]>, O>,
  Given<FieldsIn<R>, O>,
  Offered<ShapedArgs<FieldsIn<A>, O["shape"]>, O>,
  Given<FieldsOut<R>, O>
> & { readonly by: O extends { by: "session" } ? "session" : "driver" } {
  const acl = options.acl.map(parsePermission);
  return {
    kind: "call",
    number,
    args: struct(args as Fields),
    ret: struct(ret as Fields),
    shape: options.shape,
    acl,
    aclText: options.acl,
    aclFilter: options.aclFilter === undefined ? undefined : parsePermission(options.aclFilter),
    priority: options.priority ?? "low",
    stream: options.stream,
    sparseFlag: options.sparseFlag,
    descriptors: options.descriptors,
    by: (options.by ?? "driver") as O extends { by: "session" } ? "session" : "driver",
    readOnly:
      options.writes !== true && acl.every((permission) => permission.when !== undefined || isLooking(permission)),
  };
}

/** A table of calls by name. The identity function: it exists to keep the names' literal types. */
export function defineApi<const T extends Readonly<Record<string, Call>>>(table: T): T {
  return table;
}

/** What a peer sends unasked: an event, or a question that is answered by another such message. */
export interface Message<F extends Fields = Fields> {
  readonly kind: "message";
  readonly number: number;
  readonly body: StructCodec<F>;
}

export function message<const F extends Fields>(number: number, body: F): Message<F> {
  return { kind: "message", number, body: struct(body) };
}

/** Messages by name, like `defineApi`. */
export function defineMessages<const T extends Readonly<Record<string, Message>>>(messages: T): T {
  return messages;
}

type TypesOf<C> =
  C extends Call<infer Args, infer Ret, infer ClientArgs, infer ClientRet>
    ? { args: Args; ret: Ret; clientArgs: ClientArgs; clientRet: ClientRet }
    : never;

type DriverCalls<T> = { [K in keyof T]: T[K] extends { readonly by: "session" } ? never : K }[keyof T];

/** What a driver may implement of a table: any subset; the rest answers `NO_SUPPORT` by itself. */
export type HandlersOf<T> = {
  [K in DriverCalls<T>]?: (args: TypesOf<T[K]>["args"], context: CallContext) => MaybePromise<TypesOf<T[K]>["ret"]>;
};

/** What a caller sees of a table. */
export type ClientOf<T> = {
  [K in keyof T]: (
    args: TypesOf<T[K]>["clientArgs"],
    context?: Partial<CallContext>,
  ) => Promise<TypesOf<T[K]>["clientRet"]>;
};

export type { Codec, InOf, OutOf };
