import { createHash } from "node:crypto";
import { access, mkdir, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { outputOf } from "./command.js";
import { clientProgram, project } from "./project.js";

/** What compilers keep between runs. */
const CACHE = join(project, ".cache/bindings");

/** A compiler takes tens of seconds where the machine is busy. */
const COMPILE_MS = 600_000;

/** A command of which `OUT` and `SOURCE` stand for the program to make and what it is made of. */
export interface Compiler {
  readonly command: readonly [string, ...string[]];
  readonly env?: Readonly<Record<string, string>>;
}

const GO_CACHE = join(CACHE, "go");

/** With Debian's packages of libraries, and no others. */
export const GO: Compiler = {
  command: ["go", "build", "-o", "OUT", "SOURCE"],
  env: { GOPATH: "/usr/share/gocode", GO111MODULE: "off", GOFLAGS: "", GOCACHE: GO_CACHE },
};

/** It leaves its intermediate files beside the source, which is therefore a copy. */
export const OCAML: Compiler = {
  command: [
    "sh",
    "-c",
    `cp "$1" "$0.ml" && ocamlfind ocamlopt -package libvirt,unix -linkpkg "$0.ml" -o "$0"`,
    "OUT",
    "SOURCE",
  ],
};

/** The path of a client that is compiled where its source has changed since it last was. */
export async function compiled(file: string, { command, env }: Compiler): Promise<string> {
  const source = clientProgram(file);
  const hash = createHash("sha256")
    .update(await readFile(source))
    .update(command.join(" "))
    .digest("hex")
    .slice(0, 16);
  const path = join(CACHE, `${file.replace(/\W/g, "_")}_${hash}`);
  if (
    await access(path).then(
      () => true,
      () => false,
    )
  )
    return path;
  await mkdir(CACHE, { recursive: true });
  const made = `${path}_${process.pid}`;
  const [program, ...args] = command.map((part) => (part === "OUT" ? made : part === "SOURCE" ? source : part));
  await outputOf(program as string, args, { env: { ...process.env, ...env }, timeout: COMPILE_MS });
  await rename(made, path);
  return path;
}
