/** A table as virsh prints it: a line of titles, a rule, and the rows, with columns as wide as their widest cell. */
export function formatTable(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [titles, ...rows];
  const widths = titles.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    ` ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("   ")}`.trimEnd();
  const rule = "-".repeat(widths.reduce((sum, width) => sum + width + 3, 0));
  return [line(titles), rule, ...rows.map(line)].join("\n");
}
