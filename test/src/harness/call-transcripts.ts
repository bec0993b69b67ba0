import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { outputOf } from "./command.js";
import { clientProgram, PYTHON } from "./project.js";

/** The whole of an error, as a program of libvirt's binding sees it. */
export interface ToldError {
  readonly code: number;
  readonly domain: number;
  readonly message: string;
  readonly level: number;
  readonly str1: string | null;
  readonly str2: string | null;
  readonly int1: number;
  readonly int2: number;
}

/** What a call said: a value, an error, or that libvirt's binding refused to make it. A list, where events are told. */
export type Says =
  | { readonly value: unknown }
  | { readonly error: ToldError }
  | { readonly "refused by the binding": string }
  | readonly unknown[];

/** A call as a line of Python, with the state of what it was made on, and what it said. */
export interface ToldCall {
  readonly call: string;
  readonly says: Says;
}

/** What the calls of test/clients/side-by-side say, and which calls of libvirt's C library were made. */
export interface CallTranscript {
  readonly calls: readonly ToldCall[];
  readonly made: ReadonlySet<string>;
}

/** How long the program may take on a busy machine. */
const DEADLINE = 240_000;

export async function callTranscript(uri: string): Promise<CallTranscript> {
  const folder = await mkdtemp(join(tmpdir(), "calls-"));
  try {
    const program = clientProgram("side-by-side/side_by_side.py");
    const env = { ...process.env, PYTHONDONTWRITEBYTECODE: "1" };
    const printed = await outputOf(PYTHON, [program, uri, folder], { timeout: DEADLINE, env });
    const lines = printed.trimEnd().split("\n");
    const told = lines.map((line) => JSON.parse(line) as ToldCall);
    return {
      calls: told.filter(({ call }) => call !== "made"),
      made: new Set(told.filter(({ call }) => call === "made").flatMap(({ says }) => says as readonly string[])),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
