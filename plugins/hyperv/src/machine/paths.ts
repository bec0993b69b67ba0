/**
 * What names an object inside another one's properties, such as
 * `\\HOST\Root\Virtualization\V2:Msvm_X.InstanceID="Microsoft:...\\0"`: backslashes of values are written twice.
 */
export function pathOf(host: string, className: string, keys: Readonly<Record<string, string>>): string {
  const each = Object.entries(keys).map(([name, value]) => `${name}="${value.replaceAll("\\", "\\\\")}"`);
  return `\\\\${host}\\Root\\Virtualization\\V2:${className}.${each.join(",")}`;
}

/** The value of a key in such a name, in the case that it has there. */
export function keyIn(path: string, key: string): string | undefined {
  // some are written with their quotes escaped
  const plain = path.replaceAll('\\"', '"');
  for (const [, name, value = ""] of plain.matchAll(/[.,](\w+)="([^"]*)"/g)) {
    if (name === key) return value.replaceAll("\\\\", "\\");
  }
  return undefined;
}

export function sameText(a: string | undefined, b: string | undefined): boolean {
  return a !== undefined && a.toLowerCase() === b?.toLowerCase();
}
