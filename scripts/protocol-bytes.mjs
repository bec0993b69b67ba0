// Compares the bytes of every message of every program with those of libvirt's own encoders: rpcgen makes them out of
// libvirt's protocol files, which are fetched from Debian's source package. Needs rpcgen (rpcsvc-proto), a C compiler and
// libtirpc-dev. What the bytes come down to is kept in core/src/testing/wire-fingerprints.txt, with which the tests compare
// without all that; `--write` writes it, otherwise it must be so already.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { wireError, xdr } from "@polyvisor/core";
import { fingerprints, formatFingerprints, valuesOf } from "../core/dist/testing/fingerprint.js";
import { wireTypes } from "../core/dist/testing/wire-types.js";
import { buildEncoder } from "./protocol-bytes/encoder.mjs";
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

const ERROR = { name: "an error", part: "msg", codec: wireError, procedure: 0 };

const faults = [];
const folder = await mkdtemp(join(tmpdir(), "protocol-bytes-"));
try {
  const encoder = await buildEncoder(await protocolFiles(), folder);
  const types = wireTypes().filter(({ program }) => program.name in PROTOCOLS);
  checkComplete(encoder, types);
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

/** Compares both directions for all values of all types; returns libvirt's bytes by type. */
async function compare(encoder, types) {
  const items = [...types, ERROR].flatMap((type) => itemsOf(encoder, type));
  const answers = await encoder.again(items.map(({ struct, ours }) => [struct, ours]));
  const theirs = new Map(types.map((type) => [type, []]));
  for (const [index, item] of items.entries()) {
    judge(item, answers[index]);
    theirs.get(item.type)?.push(answers[index] ?? Buffer.alloc(0));
  }
  for (const bytes of theirs.values())
    if (bytes.length === 0) bytes.push(...valuesOf(ERROR).map(() => Buffer.alloc(0)));
  console.log(`${theirs.size} types, ${items.length} values: ${faults.length} differ from libvirt's`);
  return theirs;
}

/** The values of a type with our bytes of them. What libvirt has no struct for must be empty here, too. */
function itemsOf(encoder, type) {
  const { program, procedure, part, name, codec } = type;
  const struct =
    type === ERROR
      ? encoder.structNamed("virNetMessageError")
      : encoder.structOf(PROTOCOLS[program.name], procedure, part);
  if (struct === undefined) {
    if (codec.layout !== "struct{}") faults.push(`${name} ${part}: libvirt has no such struct`);
    return [];
  }
  return valuesOf(type).map((value) => ({ type, struct, value, ours: xdr.encodeToBuffer(codec, value) }));
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
