import type { Cursor } from "./cursor.js";
import { nameEnd } from "./names.js";
import { firstForbidden } from "./references.js";

const DECLARATION =
  /<\?xml[ \t\n]+version[ \t\n]*=[ \t\n]*(?:"([^"<]*)"|'([^'<]*)')(?:[ \t\n]+encoding[ \t\n]*=[ \t\n]*(?:"([^"<]*)"|'([^'<]*)'))?(?:[ \t\n]+standalone[ \t\n]*=[ \t\n]*(?:"(?:yes|no)"|'(?:yes|no)'))?[ \t\n]*\?>/y;

const VERSION = /^\ufeff?<\?xml[ \t\n]+version[ \t\n]*=[ \t\n]*(?:"[^"<]*"|'[^'<]*')/;

/** Goes to the root element: over the XML declaration, comments and processing instructions. */
export function parseProlog(cursor: Cursor): void {
  const { text } = cursor;
  if (text.charCodeAt(0) === 0xfeff) cursor.at = 1;
  if (/^\ufeff?<\?xml[ \t\n]/.test(text)) parseDeclaration(cursor);
  skipMisc(cursor);
  if (text.startsWith("<!DOCTYPE", cursor.at)) {
    cursor.fail(
      cursor.at,
      "Document type declarations are not allowed",
      "Remove the <!DOCTYPE ...> declaration: libvirt's documents need none.",
    );
  }
  if (text[cursor.at] !== "<") {
    cursor.fail(cursor.at, "Start tag expected, '<' not found", "Begin the document with its root element.");
  }
}

function parseDeclaration(cursor: Cursor): void {
  DECLARATION.lastIndex = cursor.at;
  const match = DECLARATION.exec(cursor.text);
  const hint = "Write <?xml version='1.0' encoding='UTF-8'?>, or leave it out.";
  if (match === null) {
    const known = VERSION.exec(cursor.text)?.[0].length ?? cursor.at;
    const unspaced = /[^ \t\n?]|^$/.test(cursor.text.charAt(known));
    cursor.fail(known, unspaced ? "Blank needed here" : "parsing XML declaration: '?>' expected", hint);
  }
  const version = match[1] ?? match[2] ?? "";
  const after = (value: string): number => cursor.text.indexOf(value, cursor.at + "<?xml".length) + value.length + 1;
  if (!/^1\.\d+$/.test(version)) cursor.fail(after(version), `Unsupported version '${version}'`, hint);
  const encoding = match[3] ?? match[4];
  // the text is decoded already: another encoding can only be right where it makes no difference
  const same = encoding === undefined || /^utf-?8$/i.test(encoding);
  const ascii = () =>
    /^(?:us-)?ascii$|^iso-8859-\d+$|^windows-125\d$/i.test(encoding ?? "") && !/[^\0-\x7f]/.test(cursor.text);
  if (!same && !ascii()) cursor.fail(after(`${encoding}`), `Unsupported encoding ${encoding}`, hint);
  cursor.at = DECLARATION.lastIndex;
}

/** Goes over blanks, comments and processing instructions. */
export function skipMisc(cursor: Cursor): void {
  const { text } = cursor;
  for (;;) {
    cursor.skipBlanks();
    if (text.startsWith("<!--", cursor.at)) {
      const end = commentEnd(cursor, cursor.at + 4);
      rejectForbidden(cursor, cursor.at, end, (code) => `xmlParseComment: invalid xmlChar value ${code}`);
      cursor.at = end + 3;
    } else if (text.startsWith("<?", cursor.at)) {
      const from = cursor.at;
      const name = skipInstruction(cursor);
      rejectForbidden(cursor, from, cursor.at, () => `ParsePI: PI ${name} never end ...`);
    } else return;
  }
}

/** Only a document's margins are checked here; within the root the tree does it. */
function rejectForbidden(cursor: Cursor, from: number, to: number, words: (code: number) => string): void {
  const at = from + firstForbidden(cursor.text.slice(from, to));
  if (at < to) cursor.fail(at, words(cursor.text.charCodeAt(at)), "Remove the character: XML does not have it.");
}

/** Where the text of a comment ends that begins at `from`. */
export function commentEnd(cursor: Cursor, from: number): number {
  const { text } = cursor;
  const end = text.indexOf("--", from);
  if (end < 0) cursor.fail(text.length, "Comment not terminated", "End the comment with -->.");
  if (text[end + 2] === ">") return end;
  const words = `Double hyphen within comment: <!--${text.slice(from, Math.min(end, from + 50))}`;
  return cursor.fail(end, words, "Write no -- inside a comment.");
}

/** Goes over a processing instruction; returns its name. */
export function skipInstruction(cursor: Cursor): string {
  const { text } = cursor;
  const start = cursor.at + 2;
  const nameTo = nameEnd(text, start);
  if (nameTo === start) cursor.fail(start, "xmlParsePI : no target name", "Remove the <? ... ?>.");
  const name = text.slice(start, nameTo);
  if (/^xml$/i.test(name)) {
    const words = "XML declaration allowed only at the start of the document";
    cursor.fail(nameTo, words, "Put <?xml ... ?> first, without anything before it.");
  }
  const end = text.indexOf("?>", nameTo);
  if (end !== nameTo && !/[ \t\n]/.test(text[nameTo] ?? "")) {
    cursor.fail(nameTo, `ParsePI: PI ${name} space expected`, "Remove the <? ... ?>.");
  }
  if (end < 0) cursor.fail(text.length, `ParsePI: PI ${name} never end ...`, "End it with ?>.");
  cursor.at = end + 2;
  return name;
}
