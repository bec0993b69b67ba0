/** A text in a query. */
export function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, "\\$&")}'`;
}

export function select(className: string, where?: string): string {
  return `SELECT * FROM ${className}${where === undefined ? "" : ` WHERE ${where}`}`;
}

/** The objects of a class that belong to one object, such as the parts of a machine's settings. */
export function associators(
  of: { readonly className: string; readonly keys: Readonly<Record<string, string>> },
  resultClass: string,
  assocClass?: string,
): string {
  const keys = Object.entries(of.keys).map(([name, value]) => `${name}=${quoted(value)}`);
  const by = assocClass === undefined ? "" : `AssocClass = ${assocClass} `;
  return `ASSOCIATORS OF {${of.className}.${keys.join(",")}} WHERE ${by}ResultClass = ${resultClass}`;
}
