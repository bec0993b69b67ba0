import { createRequire } from "node:module";
import { VirtError } from "@polyvisor/core";
import { Ajv, type ErrorObject, type ValidateFunction } from "ajv";
import { nearest, oneOf } from "../../xml/index.js";
import type { DomainJson } from "./model.js";

let validate: ValidateFunction<DomainJson> | undefined;

/** Made when it is first needed: it takes a tenth of a second. */
function validator(): ValidateFunction<DomainJson> {
  validate ??= new Ajv({ allErrors: true, verbose: true }).compile<DomainJson>(domainSchema());
  return validate;
}

/** The JSON schema of `DomainJson` (draft 7), generated from its types. */
export function domainSchema(): Readonly<Record<string, unknown>> {
  return createRequire(import.meta.url)("../../../schemas/domain.json");
}

/** Throws `INVALID_ARG` for the thing that is most likely wrong. */
export function checkDomainJson(value: unknown): DomainJson {
  const check = validator();
  if (check(value)) return value;
  const { path, words, hint } = explain(check.errors ?? []);
  throw new VirtError("INVALID_ARG", `${path}: ${words}`, { domain: "DOMAIN", hint });
}

interface Explanation {
  readonly path: string;
  readonly words: string;
  readonly hint: string;
}

/** Which of several shapes a value has, it says in one of these. */
const NAMING = /\/(?:type|kind|mode|protocol|model|offset)$/;

function isNaming({ keyword, instancePath }: ErrorObject): boolean {
  return (keyword === "const" || keyword === "enum") && NAMING.test(instancePath);
}

/** Of a value that may have several shapes each complains; what those say whose name it has not does not count. */
function explain(errors: readonly ErrorObject[]): Explanation {
  const naming = errors.filter(isNaming);
  const isForeign = ({ instancePath, parentSchema }: ErrorObject): boolean =>
    naming.some((each) => {
      const slash = each.instancePath.lastIndexOf("/");
      const member = each.instancePath.slice(slash + 1);
      const named = parentSchema?.properties?.[member];
      return each.instancePath.slice(0, slash) === instancePath && named === each.parentSchema;
    });
  const own = errors.filter((error) => error.keyword !== "anyOf" && !isForeign(error));
  const plain = own.filter((error) => !isNaming(error));
  const [first] = (plain.length > 0 ? plain : own).toSorted((a, b) => depth(b) - depth(a));
  if (first === undefined) return { path: "/", words: "is no domain", hint: "See the schema of DomainJson." };
  return describe(first, own);
}

function depth({ instancePath }: ErrorObject): number {
  return instancePath.split("/").length;
}

function describe(error: ErrorObject, all: readonly ErrorObject[]): Explanation {
  const path = error.instancePath === "" ? "/" : error.instancePath;
  switch (error.keyword) {
    case "additionalProperties": {
      const name: string = error.params.additionalProperty;
      const known = Object.keys(error.parentSchema?.properties ?? {});
      const close = nearest(name, known);
      const list = `Known: ${known.join(", ")}.`;
      return {
        path,
        words: `unknown member '${name}'`,
        hint: close === undefined ? list : `Did you mean '${close}'? ${list}`,
      };
    }
    case "required": {
      const name: string = error.params.missingProperty;
      return { path, words: `member '${name}' is missing`, hint: `Add '${name}'.` };
    }
    case "const":
    case "enum": {
      const values = all
        .filter((each) => each.instancePath === error.instancePath)
        .flatMap((each): string[] => each.params.allowedValues ?? [each.params.allowedValue ?? []].flat());
      return { path, words: `unknown value '${error.data}'`, hint: oneOf(String(error.data), [...new Set(values)]) };
    }
    default:
      return { path, words: error.message ?? "is wrong", hint: "See the schema of DomainJson." };
  }
}
