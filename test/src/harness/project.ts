import { fileURLToPath } from "node:url";

/** The root of the tree, with a slash at its end. */
export const project = fileURLToPath(new URL("../../../", import.meta.url));

/** A client program of this package, by its file name. */
export function clientProgram(name: string): string {
  return fileURLToPath(new URL(`../../clients/${name}`, import.meta.url));
}
