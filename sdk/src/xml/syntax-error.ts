/** The text of a syntax error as libvirt words it: place, message, the line, and an arrow under the column. */
export function describeSyntaxError(
  text: string,
  documentName: string,
  message: string,
  line: number,
  column: number,
): string {
  const source = text.split(/\r\n|\n|\r/, line)[line - 1] ?? "";
  const dashes = source.slice(0, column).replace(/[^\t]/g, "-");
  return `${documentName}:${line}: ${message}\n${source}\n${dashes}^`;
}
