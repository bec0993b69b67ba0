// How contracts are told of, in the reports of core/api-reports and the pages of docs/contracts.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  domain,
  domainCheckpoint,
  domainSnapshot,
  identity,
  network,
  networkInterface,
  networkPort,
  nodeDevice,
  nwfilter,
  nwfilterBinding,
  secret,
  storagePool,
  storageVol,
  xdr,
} from "@polyvisor/core";

const project = new URL("../..", import.meta.url).pathname;

/** Objects of the API by their codecs: two sorts may look alike on the wire. */
export const OBJECTS = {
  domain,
  domainCheckpoint,
  domainSnapshot,
  identity,
  network,
  networkInterface,
  networkPort,
  nodeDevice,
  nwfilter,
  nwfilterBinding,
  secret,
  storagePool,
  storageVol,
};

/** What has a name of its own, whatever it is on the wire. */
const NAMES = new Map([...Object.entries(OBJECTS).map(([name, codec]) => [codec, name]), [xdr.flag, "flag"]]);

/** A codec as a reviewer reads it: records with the names of their fields, everything with its bounds. */
export function typeText(codec, named = true) {
  const name = named ? NAMES.get(codec) : undefined;
  if (name !== undefined) return name;
  if (codec.fields !== undefined) return fieldsText(codec.fields);
  if (codec.of === undefined) return codec.layout === "opaque[16]" ? "uuid" : codec.layout;
  return `${typeText(codec.of)}${codec.layout.slice(codec.of.layout.length)}`;
}

export function fieldsText(fields) {
  const texts = Object.entries(fields).map(([name, codec]) => `${name}: ${typeText(codec)}`);
  return texts.length === 0 ? "{}" : `{ ${texts.join(", ")} }`;
}

/** The same for a table in a page: without bounds. */
export function plainFields({ fields }, without = []) {
  return Object.entries(fields)
    .filter(([name]) => !without.includes(name))
    .map(([name, codec]) => `${name}: ${plainType(codec)}`)
    .join(", ");
}

function plainType(codec) {
  const name = NAMES.get(codec);
  if (name !== undefined) return name;
  if (codec.of !== undefined)
    return codec.layout.endsWith("?") ? `${plainType(codec.of)} or null` : `list of ${plainType(codec.of)}`;
  if (codec.fields !== undefined) return `{ ${plainFields(codec)} }`;
  if (codec.layout === "opaque[16]") return "uuid";
  return /^(string|char)/.test(codec.layout) ? "string" : codec.layout.startsWith("opaque") ? "bytes" : codec.layout;
}

/** The fields of arguments and results that the wire alone has. */
export function wireOnly({ shape }) {
  if (shape === undefined || "returns" in shape) return [];
  if ("list" in shape) return ["needResults", "ret"];
  return "upTo" in shape ? [shape.limit] : [shape.count];
}

/**
 * What the sources say of each call of a table, by the call's name. Two contracts may have calls of one name: `contract` says
 * whose file counts then.
 */
export async function callDocs(contract = "") {
  const docs = {};
  for (const folder of ["core/src/api", "core/src/contracts"])
    for (const file of (await readdir(join(project, folder)))
      .filter((name) => /^[^.]+\.ts$/.test(name))
      .sort((one, other) => Number(one === `${contract}.ts`) - Number(other === `${contract}.ts`)))
      for (const [, doc, name] of (await readFile(join(project, folder, file), "utf8")).matchAll(
        /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n {2}(\w+): call\(/g,
      ))
        docs[name] = oneLine(doc);
  return docs;
}

function oneLine(comment) {
  return comment
    .split("\n")
    .map((line) => line.replace(/^\s*\*? ?/, "").trim())
    .filter((line) => line !== "")
    .join(" ");
}
