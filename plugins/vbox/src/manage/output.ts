/**
 * The pairs of `showvminfo --machinereadable` and its kin: `key="value"`, `key=value`, `"key"="value"`, in which a quoted
 * text may go over several lines and has its quotes and backslashes escaped. These keys are the same in every language.
 */
export function parsePairs(text: string): Map<string, string> {
  const pairs = new Map<string, string>();
  const pattern = /^(?:"((?:[^"\\]|\\.)*)"|([^="\r\n]+))=(?:"((?:[^"\\]|\\[\s\S])*)"|([^\r\n]*))/gm;
  for (const [, quotedKey, plainKey, quoted, plain] of text.matchAll(pattern)) {
    pairs.set(unescaped(quotedKey ?? plainKey ?? ""), quoted === undefined ? (plain ?? "").trim() : unescaped(quoted));
  }
  return pairs;
}

function unescaped(text: string): string {
  return text.replace(/\\([\s\S])/g, "$1");
}

/** One thing in an answer for people: what stands before the colons, and after them. */
export type Block = ReadonlyMap<string, string>;

/**
 * The blocks of `list hdds` and its kin: lines of `Name: value`, and an empty line between two things. VBoxManage is asked
 * for them in the language of its source. Of a name that comes twice the first counts.
 */
export function parseBlocks(text: string): Block[] {
  return text
    .split(/\r?\n\s*\r?\n/)
    .map((block) => new Map(block.split(/\r?\n/).flatMap(lineOf).reverse()))
    .filter((block) => block.size > 0);
}

function lineOf(line: string): [string, string][] {
  const [, name, value] = /^([^:]+):\s*(.*)$/.exec(line) ?? [];
  return name === undefined ? [] : [[name.trim(), (value ?? "").trim()]];
}

/** One machine of `list vms`. */
export interface Listed {
  readonly name: string;
  readonly uuid: string;
}

/** The lines `"name" {uuid}` of `list vms`. A machine whose settings cannot be read is there without a name: it is left out. */
export function parseMachines(text: string): Listed[] {
  return [...text.matchAll(/^"([\s\S]*?)" \{([0-9a-f-]{36})\}\r?$/gim)].flatMap(([, name = "", uuid = ""]) =>
    name === "<inaccessible>" ? [] : [{ name, uuid: uuid.toLowerCase() }],
  );
}
