// A process of its own, started by checker.ts: the one place where a native parser sees a client's document. If it crashes,
// hangs or eats memory, only this process ends.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { CheckOutcome, CheckReply, CheckRequest } from "./messages.js";

/** What is used of libxmljs2, which need not be installed: so its own types cannot be imported. */
interface XmlLibrary {
  parseXml(text: string, options?: { readonly baseUrl?: string }): XmlDocument;
}

interface XmlDocument {
  readonly validationErrors: readonly {
    readonly message: string;
    readonly line?: number;
    readonly str1?: string | null;
  }[];
  rngValidate(schema: XmlDocument): boolean;
}

function loadLibrary(): XmlLibrary | string {
  try {
    return createRequire(import.meta.url)("libxmljs2") as XmlLibrary;
  } catch (error) {
    return messageOf(error);
  }
}

const library = loadLibrary();

process.on("message", (request: CheckRequest) => {
  void check(request).then((outcome) => {
    const reply: CheckReply = { id: request.id, outcome };
    process.send?.(reply);
  });
});

async function check({ schema: file, xml }: CheckRequest): Promise<CheckOutcome> {
  if (typeof library === "string") return { kind: "no-library", detail: library };
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    return { kind: "no-schema", detail: messageOf(error) };
  }
  const schema = parsed(library, text, { baseUrl: file });
  if (typeof schema === "string") return { kind: "bad-schema", detail: schema };
  const document = parsed(library, xml);
  if (typeof document === "string") return { kind: "bad-document", detail: document };
  try {
    if (document.rngValidate(schema)) return { kind: "valid" };
  } catch (error) {
    return { kind: "bad-schema", detail: messageOf(error) };
  }
  const complaints = document.validationErrors.map(({ message, line, str1 }) => ({
    message,
    line: line ?? 0,
    element: str1 ?? undefined,
  }));
  return { kind: "invalid", complaints };
}

function parsed(library: XmlLibrary, text: string, options?: { readonly baseUrl?: string }): XmlDocument | string {
  try {
    return library.parseXml(text, options);
  } catch (error) {
    return messageOf(error);
  }
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).trim();
}
