/** What a driver's name is turned into. */
export interface Names {
  /** The plugin's name, the scheme of its URIs and the name of its folders: `lamp`. */
  readonly scheme: string;
  /** The start of its classes' names: `Lamp`. */
  readonly type: string;
}

/** A scheme of RFC 3986 that is fit for a file name and a class, too. `undefined` for every other name. */
export function namesOf(name: string): Names | undefined {
  if (!/^[a-z][a-z0-9]{1,31}$/.test(name)) return undefined;
  return { scheme: name, type: `${name.charAt(0).toUpperCase()}${name.slice(1)}` };
}

/** A file of the template for these names. */
export function fill(text: string, { scheme, type }: Names): string {
  return text.replaceAll("__scheme__", scheme).replaceAll("__Type__", type);
}
