import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import test, { type ExecutionContext } from "ava";
import { Random } from "../testing/random.js";
import { wireSample } from "../testing/wire-sample.js";
import { wireTypes } from "../testing/wire-types.js";
import { decodeFromBuffer } from "../xdr/index.js";
import type { Call } from "./define.js";
import {
  adminProgram,
  connectionClosedEvent,
  domainEvents,
  keepaliveProgram,
  lockProgram,
  logProgram,
  lxcMonitorProgram,
  lxcProgram,
  objectEvents,
  type Program,
  qemuProgram,
  remoteProgram,
} from "./index.js";

const reference = fileURLToPath(new URL("../../../../shared/reference/", import.meta.url));
const isHere = existsSync(reference);

interface Field {
  readonly name: string;
  readonly type: string;
  readonly array?: "fixed" | "variable";
  readonly boundValue?: number;
  readonly optional?: boolean;
}
interface Procedure {
  readonly protocol: string;
  readonly programNumber: number;
  readonly version: number;
  readonly number: number;
  readonly short: string;
  readonly kind: "call" | "event" | "message-both-ways";
  readonly args: readonly Field[] | null;
  readonly ret: readonly Field[] | null;
  readonly msg: readonly Field[] | null;
  readonly priority: "high" | "low";
  readonly acl: readonly string[];
  readonly aclfilter: readonly string[];
  readonly readstream: number | null;
  readonly writestream: number | null;
  readonly sparseflag: string | null;
}
interface Types {
  readonly typedefs: Record<string, Field>;
  readonly structs: Record<string, readonly Field[]>;
  readonly unions: Record<
    string,
    { readonly switch: Field; readonly arms: readonly (Field & { readonly caseValues: number[] })[] }
  >;
  readonly enums: Record<string, unknown>;
}

const BASIC: Record<string, string> = {
  int: "int",
  "unsigned int": "uint",
  hyper: "hyper",
  "unsigned hyper": "uhyper",
  double: "double",
  char: "char",
  "unsigned char": "uchar",
  "unsigned short": "ushort",
};

/** The layout of a declared field, in the notation of `Codec.layout`. */
function layoutOf(types: Types, field: Omit<Field, "name">): string {
  const bound = field.boundValue;
  if (field.type === "string") return `string<${bound}>`;
  if (field.type === "opaque") return field.array === "fixed" ? `opaque[${bound}]` : `opaque<${bound}>`;
  const base = baseLayout(types, field.type);
  if (field.array === "fixed") return `${base}[${bound}]`;
  if (field.array === "variable") return `${base}<${bound}>`;
  return field.optional ? `${base}?` : base;
}

function baseLayout(types: Types, declared: string): string {
  const type = declared.replace(/^struct /, "");
  const basic = BASIC[type];
  if (basic !== undefined) return basic;
  const alias = types.typedefs[type];
  if (alias !== undefined && alias.type !== `struct ${type}`) return layoutOf(types, alias);
  if (type in types.enums) return "int";
  const union = types.unions[type];
  if (union !== undefined) {
    const arms = union.arms.map((arm) => `${arm.caseValues[0]}:${layoutOf(types, arm)}`);
    return `union(${layoutOf(types, union.switch)}){${arms.join(",")}}`;
  }
  return structLayout(types, types.structs[type]);
}

function structLayout(types: Types, fields: readonly Field[] | null | undefined): string {
  return `struct{${(fields ?? []).map((field) => layoutOf(types, field)).join(",")}}`;
}

const check = isHere ? test : test.skip;

/** The reference's procedures of one protocol, and its types: those of the remote protocol are known to all. */
function said(protocol: string): { readonly procedures: readonly Procedure[]; readonly types: Types } {
  const procedures = JSON.parse(readFileSync(`${reference}procedures.json`, "utf8")) as Procedure[];
  const all = JSON.parse(readFileSync(`${reference}protocol-types.json`, "utf8")) as Record<string, Types>;
  const sorts = ["typedefs", "structs", "unions", "enums"] as const;
  const types = sorts.map((sort) => [sort, { ...all.remote_protocol?.[sort], ...all[protocol]?.[sort] }]);
  return {
    procedures: procedures.filter((procedure) => procedure.protocol === protocol),
    types: Object.fromEntries(types) as unknown as Types,
  };
}

/** Streams of which the protocol's file says nothing, because libvirt's code for these calls is written by hand. */
const STREAMS_BY_HAND = new Map<string, Call["stream"]>([["domainMigratePrepareTunnel3Params", "write"]]);

/** Compares every call of a program with what the reference says of it. */
function compare(t: ExecutionContext, program: Program, procedures: readonly Procedure[], types: Types): void {
  const byNumber = new Map(procedures.map((procedure) => [procedure.number, procedure]));
  for (const [name, call] of Object.entries(program.calls)) {
    const said = byNumber.get(call.number);
    if (said === undefined) {
      t.fail(`no procedure ${call.number} (${name})`);
      continue;
    }
    t.is(said.kind, "call", name);
    t.is(nameIn(program, name), said.short.replaceAll("_", ""), name);
    t.is(call.args.layout, structLayout(types, said.args), `${name}: arguments`);
    t.is(call.ret.layout, structLayout(types, said.ret), `${name}: result`);
    t.is(call.priority, said.priority, `${name}: priority`);
    t.deepEqual(call.aclText, said.acl, `${name}: permissions`);
    t.deepEqual(
      call.aclFilter === undefined ? [] : [`${call.aclFilter.object}:${call.aclFilter.permission}`],
      said.aclfilter,
      `${name}: filter`,
    );
    const direction = said.readstream ? "read" : said.writestream ? "write" : STREAMS_BY_HAND.get(name);
    t.is(call.stream, direction, `${name}: stream`);
    t.is(call.sparseFlag !== undefined, said.sparseflag !== null, `${name}: holes`);
  }
}

/** A program of one driver says its name where the API's does: `domainMonitorCommand` is `virDomainQemuMonitorCommand`. */
function nameIn({ name: program }: Program, name: string): string {
  return name.toLowerCase().replace(program === "qemu" || program === "lxc" ? program : "", "");
}

/** Every program but the remote one, whose events are in tables of their own. */
const OTHERS: readonly (readonly [protocol: string, program: Program])[] = [
  ["admin_protocol", adminProgram],
  ["qemu_protocol", qemuProgram],
  ["lxc_protocol", lxcProgram],
  ["lock_protocol", lockProgram],
  ["log_protocol", logProgram],
  ["lxc_monitor_protocol", lxcMonitorProgram],
  ["virkeepaliveprotocol", keepaliveProgram],
];

for (const [protocol, program] of OTHERS) {
  check(`every entry of the ${program.name} program is what the protocol says (needs the reference data)`, (t) => {
    const { procedures, types } = said(protocol);
    compare(t, program, procedures, types);
    const messages = Object.entries(program.messages ?? {});
    for (const [name, { number, body }] of messages) {
      const told = procedures.find((procedure) => procedure.number === number) as Procedure;
      t.not(told.kind, "call", name);
      t.is(nameIn(program, name), told.short.replaceAll("_", ""), name);
      t.is(body.layout, structLayout(types, told.msg), name);
    }
    const numbers = [...Object.values(program.calls), ...messages.map(([, message]) => message)];
    t.deepEqual(
      numbers.map(({ number }) => number).sort((a, b) => a - b),
      procedures.map(({ number }) => number).sort((a, b) => a - b),
    );
    t.deepEqual(
      [...new Set(procedures.map(({ programNumber, version }) => `${programNumber} ${version}`))],
      [`${program.number} ${program.version}`],
    );
  });
}

check("every call of the table is what the protocol says (needs the reference data)", (t) => {
  const { procedures, types } = said("remote_protocol");
  const byNumber = new Map(procedures.map((procedure) => [procedure.number, procedure]));
  compare(t, remoteProgram, procedures, types);
  const declared = new Set(Object.values<Call>(remoteProgram.calls).map((call) => call.number));
  for (const [kind, spec] of Object.entries(domainEvents)) {
    const flat = flatten(types, byNumber.get(spec.number)?.msg ?? []);
    t.is(`struct{int,${spec.body.layout.slice(7)}`, flat, kind);
    declared.add(spec.number);
    if (spec.legacy !== undefined) {
      declared.add(spec.legacy);
      const legacy = flatten(types, byNumber.get(spec.legacy)?.msg ?? []);
      t.is(spec.legacyBody.layout, legacy, `${kind}: ${spec.legacy}`);
    }
  }
  for (const [kind, spec] of Object.entries(objectEvents)) {
    declared.add(spec.number);
    t.is(`struct{int,${spec.body.layout.slice(7)}`, flatten(types, byNumber.get(spec.number)?.msg ?? []), kind);
  }
  declared.add(connectionClosedEvent.number);
  const missing = procedures.filter(({ number }) => !declared.has(number)).map(({ short }) => short);
  t.deepEqual(missing, []);
});

/** A message's layout with its inner `msg` struct spliced in: on the wire a struct in a struct leaves no trace. */
function flatten(types: Types, fields: readonly Field[]): string {
  const parts = fields.map((field) =>
    field.name === "msg" ? structLayout(types, types.structs[field.type]).slice(7, -1) : layoutOf(types, field),
  );
  return `struct{${parts.join(",")}}`;
}

type Struct = Readonly<Record<string, unknown>>;

/** The names of a value's fields, and of those of the structs in it, beside the protocol's. */
function* namesIn(
  types: Types,
  fields: readonly Field[],
  value: Struct,
): Generator<readonly [ours: string, theirs: string]> {
  const ours = Object.keys(value);
  for (const [index, { name, type }] of fields.entries()) {
    const key = ours[index] ?? "";
    yield [key, name];
    const inner = Array.isArray(value[key]) ? value[key][0] : value[key];
    const struct = types.structs[baseOf(types, type)];
    if (struct !== undefined && typeof inner === "object" && inner !== null)
      yield* namesIn(types, struct, inner as Struct);
  }
}

/** The type behind a type's other names. */
function baseOf(types: Types, declared: string): string {
  const type = declared.replace(/^struct /, "");
  const alias = types.typedefs[type];
  return alias === undefined || alias.type === declared || alias.type === `struct ${type}`
    ? type
    : baseOf(types, alias.type);
}

/** A typed parameter tells its type beside its value, and events about any object have it under one name. */
const OWN_NAMES = new Set(["value: type", "net: object", "pool: object", "dev: object", "secret: object"]);

check("the fields of every message have the protocol's names (needs the reference data)", (t) => {
  const plain = (name: string) => name.replaceAll("_", "").toLowerCase();
  const others = new Set<string>();
  for (const [protocol, program] of [["remote_protocol", remoteProgram] as const, ...OTHERS]) {
    const { procedures, types } = said(protocol);
    for (const { procedure, part, name, codec } of wireTypes().filter((type) => type.program === program)) {
      const fields = spliced(types, procedures.find(({ number }) => number === procedure)?.[part] ?? []);
      for (let seed = 0; seed < 20; seed++) {
        const value = decodeFromBuffer(codec, wireSample(codec.layout, new Random(seed)));
        for (const [ours, theirs] of namesIn(types, fields, value))
          if (plain(ours) !== plain(theirs) && !OWN_NAMES.has(`${theirs}: ${ours}`))
            others.add(`${name} ${part}: ${theirs} is ${ours}`);
      }
    }
  }
  t.deepEqual([...others], []);
});

/** The fields of an event with those of the older event in it. */
function spliced(types: Types, fields: readonly Field[]): readonly Field[] {
  return fields.flatMap((field) => (field.name === "msg" ? (types.structs[field.type] ?? []) : [field]));
}

test("names and numbers of the table are unique", (t) => {
  const numbers = Object.values(remoteProgram.calls).map((call) => call.number);
  const events = Object.values(domainEvents)
    .flatMap((spec) => [spec.number, spec.legacy])
    .filter((number) => number !== undefined);
  const all = [...numbers, ...events];
  t.is(new Set(all).size, all.length);
});
