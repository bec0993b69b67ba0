/**
 * The text of a syntax error as libvirt words it: place, message, the line that the parser was in, and an arrow under the
 * place, a dash for each byte before it. `at` is an offset, `line` its number.
 */
export function describeSyntaxError(
  text: string,
  documentName: string,
  message: string,
  at: number,
  line: number,
): string {
  // libxml2 has no line to show of a document that is empty, and says so
  if (text === "") return `${documentName}:${line}: ${message}\n(null)\n^`;
  // libxml2 shows what it last read: at the end of the document that is the last line with text
  let start = at;
  while (start > 0 && text[start] === "\n") start--;
  start = start === 0 ? 0 : text.lastIndexOf("\n", start === at ? at - 1 : start) + 1;
  const end = text.indexOf("\n", start);
  const source = text.slice(start, end < 0 ? text.length : end);
  const parts = source.slice(0, at - start).split("\t");
  const arrow = parts.map((part) => "-".repeat(Buffer.byteLength(part))).join("\t");
  return `${documentName}:${line}: ${message}\n${source}\n${arrow}^`;
}
