import {
  array,
  type Codec,
  encodeToBuffer,
  f64,
  flag,
  i32,
  i64,
  named,
  string,
  struct,
  u32,
  u64,
  XdrError,
  type XdrReader,
  type XdrWriter,
} from "../xdr/index.js";
import { LIMITS } from "./limits.js";
import { uuid } from "./uuid.js";

/** Text that is never absent (`remote_nonnull_string`). */
export const text = string(LIMITS.string);

/** What a client knows of a domain: enough to find it, and the id (-1 while it is not running) that it last had. */
export interface Domain {
  readonly name: string;
  readonly uuid: string;
  readonly id: number;
}

const domainFields = struct({ name: text, uuid, id: i32 });

/**
 * A domain's reference, made once by the driver that owns the domain and replaced when the id changes. It remembers its
 * own encoding, because lists and events send the same references again and again.
 */
export class DomainRef implements Domain {
  readonly name: string;
  readonly uuid: string;
  readonly id: number;
  #encoded: Buffer | undefined;

  constructor(name: string, uuid: string, id: number) {
    this.name = name;
    this.uuid = uuid;
    this.id = id;
  }

  encoded(): Buffer {
    this.#encoded ??= encodeToBuffer(domainFields, this);
    return this.#encoded;
  }
}

/** `remote_nonnull_domain` */
export const domain: Codec<Domain> = {
  layout: domainFields.layout,
  encode(writer: XdrWriter, value: Domain) {
    if (value instanceof DomainRef) writer.bytes(value.encoded());
    else domainFields.encode(writer, value);
  },
  decode: (reader: XdrReader): Domain => domainFields.decode(reader),
};

/** One typed parameter. A list of them is ordered and names may repeat. */
export type TypedParam = { readonly field: string } & TypedValue;

export type TypedValue =
  | { readonly type: "int"; readonly value: number }
  | { readonly type: "uint"; readonly value: number }
  | { readonly type: "llong"; readonly value: bigint | number }
  | { readonly type: "ullong"; readonly value: bigint | number }
  | { readonly type: "double"; readonly value: number }
  | { readonly type: "boolean"; readonly value: boolean }
  | { readonly type: "string"; readonly value: string };

/** The arms of the wire's union in the order of their discriminants, which start at 1. */
const ARMS: readonly { readonly type: TypedValue["type"]; readonly codec: Codec<unknown, never> }[] = [
  { type: "int", codec: i32 },
  { type: "uint", codec: u32 },
  { type: "llong", codec: i64 },
  { type: "ullong", codec: u64 },
  { type: "double", codec: f64 },
  { type: "boolean", codec: flag },
  { type: "string", codec: text },
];
const ARM_BY_TYPE = new Map(
  ARMS.map((arm, index) => [arm.type, { number: index + 1, codec: arm.codec as Codec<unknown, unknown> }]),
);

/** Field names come from a small fixed set, so their encodings are kept; the bound is against a client that invents them. */
const encodedNames = new Map<string, Buffer>();
const ENCODED_NAMES_MAX = 4096;

function encodeFieldName(writer: XdrWriter, name: string): void {
  let encoded = encodedNames.get(name);
  if (encoded === undefined) {
    encoded = encodeToBuffer(text, name);
    if (encodedNames.size < ENCODED_NAMES_MAX) encodedNames.set(name, encoded);
  }
  writer.bytes(encoded);
}

/** `remote_typed_param` */
export const typedParam: Codec<TypedParam> = {
  layout: `struct{${text.layout},union(int){${ARMS.map((arm, index) => `${index + 1}:${arm.codec.layout}`).join(",")}}}`,
  encode(writer, param) {
    encodeFieldName(writer, param.field);
    const arm = ARM_BY_TYPE.get(param.type);
    if (arm === undefined) throw new XdrError(`unknown type of the typed parameter ${param.field}`);
    writer.i32(arm.number);
    arm.codec.encode(writer, param.value);
  },
  decode(reader) {
    const field = text.decode(reader);
    const arm = ARMS[reader.i32() - 1];
    if (arm === undefined) throw new XdrError("unknown type of a typed parameter");
    return { field, type: arm.type, value: arm.codec.decode(reader) } as TypedParam;
  },
};

/** The statistics of one domain in a bulk reply (`remote_domain_stats_record`). */
export interface DomainStats {
  readonly dom: Domain;
  readonly params: readonly TypedParam[];
}
export const domainStats = named<DomainStats, DomainStats>(
  struct({ dom: domain, params: array(typedParam, LIMITS.stats) }),
);
