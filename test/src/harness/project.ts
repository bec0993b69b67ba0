import { fileURLToPath } from "node:url";

/** The root of the tree, with a slash at its end. */
export const project = fileURLToPath(new URL("../../../", import.meta.url));

/** A client program of this package, by its file name. */
export function clientProgram(name: string): string {
  return fileURLToPath(new URL(`../../clients/${name}`, import.meta.url));
}

/** Debian's own interpreters, because its packages of libvirt's bindings are for them: another may come first on the path. */
export const PYTHON = "/usr/bin/python3";
export const PERL = "/usr/bin/perl";
