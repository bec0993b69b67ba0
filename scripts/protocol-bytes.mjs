// Compares every message of every program with libvirt's protocol files, which are fetched from Debian's source package: its
// declaration, and the bytes of many values, both ways, with those of the encoders that rpcgen makes out of these files. Needs rpcgen (rpcsvc-proto), a C compiler and
// libtirpc-dev. What the bytes come down to is kept in core/src/testing/wire-fingerprints.txt, with which the tests compare
// without all that; `--write` writes it, otherwise it must be so already.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { wireError, xdr } from "@polyvisor/core";
import { fingerprints, formatFingerprints, valuesOf } from "../core/dist/testing/fingerprint.js";
import { wireTypes } from "../core/dist/testing/wire-types.js";
import { Declarations } from "./protocol-bytes/declarations.mjs";
import { buildEncoder, NUMBERS } from "./protocol-bytes/encoder.mjs";
import { protocolFiles } from "./protocol-bytes/sources.mjs";

const FINGERPRINTS = new URL("../core/src/testing/wire-fingerprints.txt", import.meta.url).pathname;

/** Our programs by their protocols: the keepalive's messages are empty, and the last is libvirt's in no way. */
const PROTOCOLS = {
  remote: "remote_protocol",
  qemu: "qemu_protocol",
  lxc: "lxc_protocol",
  admin: "admin_protocol",
  lock: "lock_protocol",
  log: "log_protocol",
  "lxc monitor": "lxc_monitor_protocol",
};

/** A typed parameter tells its type beside its value, and events about any object have it under one name. */
const OWN_NAMES = new Set(["value: type", "net: object", "pool: object", "dev: object", "secret: object"]);

const ERROR = { name: "an error", part: "msg", codec: wireError, procedure: 0 };

const faults = [];
const folder = await mkdtemp(join(tmpdir(), "protocol-bytes-"));
try {
  const texts = await protocolFiles();
  const encoder = await buildEncoder(texts, folder);
  const types = wireTypes().filter(({ program }) => program.name in PROTOCOLS);
  checkComplete(encoder, types);
  const declarations = new Declarations(Object.values(texts), NUMBERS);
  for (const type of [...types, ERROR]) checkDeclaration(declarations, type, structOf(encoder, type));
  const theirs = await compare(encoder, types);
  if (faults.length === 0) await keep(formatFingerprints(fingerprints(types, (type) => theirs.get(type))));
} finally {
  await rm(folder, { recursive: true, force: true });
}
for (const fault of faults) console.error(fault);
process.exitCode = faults.length > 0 ? 1 : 0;

/** Every procedure of libvirt's files must be among our types. */
function checkComplete(encoder, types) {
  const known = new Set(types.map(({ program, procedure }) => `${PROTOCOLS[program.name]} ${procedure}`));
  for (const protocol of Object.values(PROTOCOLS)) {
    for (const number of encoder.numbersOf(protocol))
      if (!known.has(`${protocol} ${number}`)) faults.push(`${protocol}: procedure ${number} is not in the table`);
  }
}

/** The struct that libvirt has for a type; `undefined` where it has none. */
function structOf(encoder, type) {
  return type === ERROR
    ? "virNetMessageError"
    : encoder.structOf(PROTOCOLS[type.program.name], type.procedure, type.part);
}

/** The layout must be the declared one, bounds and all, and the fields must have the declared names. */
function checkDeclaration(declarations, type, struct) {
  const { name, part, codec } = type;
  const declared = struct === undefined ? "struct{}" : flat(declarations, struct);
  if (declared !== codec.layout) faults.push(`${name} ${part}: ${codec.layout} is declared as ${declared}`);
  if (struct === undefined) return;
  const others = new Set();
  for (const value of valuesOf(type)) {
    for (const [ours, theirs] of namesIn(declarations, struct, value))
      if (plain(ours) !== plain(theirs) && !OWN_NAMES.has(`${theirs}: ${ours}`)) others.add(`${theirs} is ${ours}`);
  }
  for (const other of others) faults.push(`${name} ${part}: ${other}`);
}

/** A struct's layout with that of an older event in it spliced in: on the wire a struct in a struct leaves no trace. */
function flat(declarations, struct) {
  const inner = declarations.fieldsOf(struct).find(({ name }) => name === "msg");
  const layout = declarations.layoutOfStruct(struct);
  if (inner === undefined) return layout;
  const spliced = declarations.layoutOfStruct(inner.type);
  return layout.replace(spliced, spliced.slice("struct{".length, -1));
}

/** The names of a value's fields, and of those of the structs in it, beside the declared ones. */
function* namesIn(declarations, struct, value) {
  const fields = declarations
    .fieldsOf(struct)
    .flatMap((field) => (field.name === "msg" ? declarations.fieldsOf(field.type) : [field]));
  const keys = Object.keys(value);
  for (const [index, { name, type }] of fields.entries()) {
    const key = keys[index] ?? "";
    yield [key, name];
    const inner = Array.isArray(value[key]) ? value[key][0] : value[key];
    const behind = declarations.structBehind(type);
    if (behind !== undefined && typeof inner === "object" && inner !== null)
      yield* namesIn(declarations, behind, inner);
  }
}

function plain(name) {
  return name.replaceAll("_", "").toLowerCase();
}

/** Compares both directions for all values of all types; returns libvirt's bytes by type. */
async function compare(encoder, types) {
  const items = [...types, ERROR].flatMap((type) => itemsOf(encoder, type));
  const answers = await encoder.again(items.map(({ struct, ours }) => [struct, ours]));
  const theirs = new Map(types.map((type) => [type, []]));
  for (const [index, item] of items.entries()) {
    judge(item, answers[index]);
    theirs.get(item.type)?.push(answers[index] ?? Buffer.alloc(0));
  }
  for (const [type, bytes] of theirs) {
    if (bytes.length === 0) bytes.push(...valuesOf(type).map(() => Buffer.alloc(0)));
  }
  console.log(`${theirs.size} types, ${items.length} values: ${faults.length} differences from libvirt's`);
  return theirs;
}

/** The values of a type with our bytes of them; none where libvirt has no struct, and so no bytes. */
function itemsOf(encoder, type) {
  const struct = structOf(encoder, type);
  if (struct === undefined) return [];
  return valuesOf(type).map((value) => ({ type, struct, value, ours: xdr.encodeToBuffer(type.codec, value) }));
}

function judge({ type: { name, part, codec }, value, ours }, bytes) {
  if (bytes === undefined) faults.push(`${name} ${part}: libvirt cannot read ${ours.toString("hex")}`);
  else if (!bytes.equals(ours))
    faults.push(`${name} ${part}: ${ours.toString("hex")} is ${bytes.toString("hex")} there`);
  else if (!isDeepStrictEqual(xdr.decodeFromBuffer(codec, bytes), value))
    faults.push(`${name} ${part}: ${bytes.toString("hex")} is read as another value`);
}

async function keep(text) {
  const kept = await readFile(FINGERPRINTS, "utf8").catch(() => "");
  if (text === kept) return;
  if (process.argv.includes("--write")) await writeFile(FINGERPRINTS, text);
  else faults.push(`${FINGERPRINTS} is stale: run npm run protocol-bytes -- --write`);
}
