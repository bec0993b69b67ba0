import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { outputOf } from "./command.js";
import type { Peer } from "./peer.js";
import { clientProgram, PYTHON } from "./project.js";

/** A document that a client defines. */
export interface Document {
  readonly name: string;
  readonly xml: string;
}

/** What a daemon made of a document: the code of its error, or the domain's XML in each form. */
export interface Answer {
  readonly code?: number;
  readonly message?: string;
  readonly plain?: string;
  readonly inactive?: string;
  readonly migratable?: string;
}

const EMULATOR = "/usr/bin/qemu-system-x86_64";

/** The documents of a folder that are for this emulator and for a machine that it knows, in the order of their names. */
export async function documentsFor(folder: string): Promise<readonly Document[]> {
  const machines = new Set(
    (await outputOf(EMULATOR, ["-machine", "help"])).split("\n").map((line) => line.split(" ")[0]),
  );
  const files = (await readdir(folder)).filter((file) => file.endsWith(".xml")).sort();
  const documents = await Promise.all(
    files.map(async (file) => ({ name: file.replace(/\.xml$/, ""), xml: await readFile(join(folder, file), "utf8") })),
  );
  return documents.filter(({ xml }) => {
    const type = /<type\b([^>]*)>/.exec(xml)?.[1] ?? "";
    const machine = /\bmachine=['"]([^'"]*)/.exec(type)?.[1];
    const emulator = /<emulator>([^<]*)</.exec(xml)?.[1];
    const isKnown = machine === undefined || machines.has(machine);
    return /\barch=['"]x86_64['"]/.test(type) && isKnown && (emulator === undefined || emulator === EMULATOR);
  });
}

/** Defines each document, reads the domain back, and removes it. */
export async function answersOf(
  peer: Peer,
  driver: "test" | "qemu",
  documents: readonly Document[],
): Promise<readonly Answer[]> {
  const input = documents.map((document) => `${JSON.stringify(document)}\n`).join("");
  const script = clientProgram("documents.py");
  const printed = await outputOf(PYTHON, [script, peer.uri(driver)], { input, timeout: 300_000 });
  const lines = printed.trimEnd().split("\n");
  return lines.map((line, at) => comparable(JSON.parse(line), documents[at]?.xml ?? "", peer));
}

const MADE_UP = /\b[0-9a-f]{2}(:[0-9a-f]{2}){5}\b|\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g;

/** Without what is random, and without the daemon's own folder. libvirt keeps a user's NVRAM beside the definitions. */
function comparable(answer: Answer, xml: string, peer: Peer): Answer {
  const written = xml.toLowerCase();
  const text = (value: string) =>
    value
      .replace(MADE_UP, (each) => (written.includes(each) ? each : "MADE-UP"))
      .replaceAll(peer.folder, "FOLDER")
      .replaceAll("FOLDER/config/libvirt/qemu/nvram/", "FOLDER/var/lib/libvirt/qemu/nvram/");
  return Object.fromEntries(
    Object.entries(answer).map(([key, value]) => [key, typeof value === "string" ? text(value) : value]),
  );
}
