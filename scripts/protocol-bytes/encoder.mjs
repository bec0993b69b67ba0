// A program that encodes as libvirt does: rpcgen's output for libvirt's protocol files, and a loop around it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { output, run } from "../lib/run.mjs";

/** Numbers of libvirt's headers that the protocol files take from there. */
export const NUMBERS = {
  VIR_UUID_BUFLEN: 16,
  VIR_SECURITY_LABEL_BUFLEN: 4097,
  VIR_SECURITY_MODEL_BUFLEN: 257,
  VIR_SECURITY_DOI_BUFLEN: 257,
  VIR_TYPED_PARAM_INT: 1,
  VIR_TYPED_PARAM_UINT: 2,
  VIR_TYPED_PARAM_LLONG: 3,
  VIR_TYPED_PARAM_ULLONG: 4,
  VIR_TYPED_PARAM_DOUBLE: 5,
  VIR_TYPED_PARAM_BOOLEAN: 6,
  VIR_TYPED_PARAM_STRING: 7,
};

/** These use the remote protocol's types. */
const ON_REMOTE = ["qemu_protocol", "lxc_protocol", "admin_protocol"];

const REFUSED = 0xffffffff;

/** Reads a type's number, a length and that many bytes; writes the length and the bytes of what it understood. */
const LOOP = `
int main(void) {
  static char in[1 << 24], out[1 << 24];
  unsigned head[2], length;
  while (fread(head, sizeof head, 1, stdin) == 1) {
    if (head[1] > 0 && fread(in, head[1], 1, stdin) != 1) return 1;
    XDR decode, encode;
    xdrmem_create(&decode, in, head[1], XDR_DECODE);
    xdrmem_create(&encode, out, sizeof out, XDR_ENCODE);
    void *value = calloc(1, types[head[0]].size);
    int good = types[head[0]].proc(&decode, value) && xdr_getpos(&decode) == head[1]
      && types[head[0]].proc(&encode, value);
    length = good ? xdr_getpos(&encode) : ${REFUSED}u;
    fwrite(&length, sizeof length, 1, stdout);
    if (good) fwrite(out, length, 1, stdout);
    xdr_free(types[head[0]].proc, value);
    free(value);
  }
  return 0;
}
`;

/** @param texts protocol files by name @param folder where it may write */
export async function buildEncoder(texts, folder) {
  for (const tool of ["rpcgen", "cc"]) {
    const { code } = await run(tool, ["--version"], { capture: true });
    if (code === 127) throw new Error(`${tool} is missing: apt-get install rpcsvc-proto gcc libtirpc-dev`);
  }
  const headers = {};
  for (const [name, text] of Object.entries(texts)) headers[name] = await generate(name, text, folder);
  const structs = [
    ...Object.values(headers)
      .join("\n")
      .matchAll(/^struct (\w+) \{/gm),
  ].map(([, name]) => name);
  await writeFile(join(folder, "main.c"), mainProgram(Object.keys(texts), structs));
  const defines = Object.entries(NUMBERS).map(([name, value]) => `-D${name}=${value}`);
  const sources = ["main.c", ...Object.keys(texts).map((name) => `${name}.c`)];
  const flags = ["-w", "-I/usr/include/tirpc", "-I.", "-include", "rpc/rpc.h", ...defines];
  await output("cc", [...flags, "-o", "encoder", ...sources, "-ltirpc"], { cwd: folder });
  return new Encoder(join(folder, "encoder"), structs, proceduresOf(headers));
}

/** Has rpcgen make C of a protocol file; returns the header. */
async function generate(name, text, folder) {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `${name}.x`), text.replace(/^%.*$/gm, ""));
  for (const [option, suffix] of [
    ["-h", "h"],
    ["-c", "c"],
  ]) {
    const file = join(folder, `${name}.${suffix}`);
    const code = await output("rpcgen", [option, `${name}.x`], { cwd: folder });
    const base = ON_REMOTE.includes(name) ? '#include "remote_protocol.h"\n' : "";
    // The C library has no quads any more.
    await writeFile(
      file,
      base + code.replace(/\b(xdr_)?(u_)?quad_t\b/g, (_, xdr, u) => `${xdr ?? ""}${u ? "u" : ""}int64_t`),
    );
  }
  return readFile(join(folder, `${name}.h`), "utf8");
}

function mainProgram(names, structs) {
  const rows = structs.map((name) => `  { (xdrproc_t)xdr_${name}, sizeof(struct ${name}) },`);
  return [
    "#include <stdio.h>",
    "#include <stdlib.h>",
    ...names.map((name) => `#include "${name}.h"`),
    "static const struct { xdrproc_t proc; size_t size; } types[] = {",
    ...rows,
    "};",
    LOOP,
  ].join("\n");
}

/** The name that structs of a procedure begin with, by protocol and the procedure's number. */
function proceduresOf(headers) {
  const procedures = new Map();
  for (const [protocol, header] of Object.entries(headers)) {
    for (const [, start, name, number] of header.matchAll(/(\w+)_PROC_(\w+) = (\d+)/g))
      procedures.set(`${protocol} ${number}`, plain(start + name));
  }
  return procedures;
}

/** Structs and procedures spell one name in different ways. */
function plain(name) {
  return name.replaceAll("_", "").toLowerCase();
}

class Encoder {
  #path;
  #structs;
  #names;
  #procedures;

  constructor(path, structs, procedures) {
    this.#path = path;
    this.#structs = structs;
    this.#names = new Map(structs.map((name) => [plain(name), name]));
    this.#procedures = procedures;
  }

  /** Procedures of a protocol, by their numbers. */
  numbersOf(protocol) {
    return [...this.#procedures.keys()]
      .filter((key) => key.startsWith(`${protocol} `))
      .map((key) => Number(key.split(" ")[1]));
  }

  /** The name of the struct of a procedure's `args`, `ret` or `msg`; `undefined` where it has none. */
  structOf(protocol, number, part) {
    return this.#names.get(`${this.#procedures.get(`${protocol} ${number}`)}${part}`);
  }

  /** Decodes the bytes of each `[name of a struct, bytes]`, and gives what encoding the result anew makes; `undefined` where it cannot be read. */
  async again(items) {
    const child = spawn(this.#path, [], { stdio: ["pipe", "pipe", "inherit"] });
    const chunks = [];
    child.stdout.on("data", (chunk) => chunks.push(chunk));
    const ended = once(child, "close");
    for (const [struct, bytes] of items) {
      child.stdin.write(new Uint8Array(Uint32Array.of(this.#structs.indexOf(struct), bytes.length).buffer));
      child.stdin.write(bytes);
    }
    child.stdin.end();
    const [code] = await ended;
    if (code !== 0) throw new Error(`the encoder ended with code ${code}`);
    return split(Buffer.concat(chunks));
  }
}

function split(all) {
  const parts = [];
  for (let at = 0; at < all.length; ) {
    const length = all.readUInt32LE(at);
    at += 4;
    parts.push(length === REFUSED ? undefined : all.subarray(at, at + length));
    if (length !== REFUSED) at += length;
  }
  return parts;
}
