import { type Json, type JsonObject, objects, strings, textOf } from "./json.js";

/** The reply of `query-qmp-schema`, by the (anonymised) names of its types. */
export type QmpSchema = ReadonlyMap<string, JsonObject>;

export function indexSchema(reply: Json | undefined): QmpSchema {
  const schema = new Map<string, JsonObject>();
  for (const entry of objects(reply)) {
    const name = textOf(entry, "name");
    if (name !== undefined) schema.set(name, entry);
  }
  return schema;
}

/**
 * Whether the schema has what a path names.
 *
 * A path is `command/arg-type/...` or `command/ret-type/...`; each further step is a member's name, `+case` (a variant),
 * `^value` (of an enumeration) or `$feature`. Arrays are looked through.
 */
export function schemaHas(schema: QmpSchema, path: string): boolean {
  const [start, ...steps] = path.split("/");
  return start !== undefined && walk(schema, start, steps);
}

function walk(schema: QmpSchema, typeName: string | undefined, steps: readonly string[]): boolean {
  const type = typeName === undefined ? undefined : schema.get(typeName);
  if (type === undefined) return false;
  const meta = textOf(type, "meta-type");
  if (meta === "array") return walk(schema, textOf(type, "element-type"), steps);
  const [step, ...rest] = steps;
  if (step === undefined) return true;
  const wanted = step.slice(1);
  switch (step[0]) {
    case "$":
      return strings(type.features).includes(wanted);
    case "^":
      return (
        meta === "enum" &&
        (strings(type.values).includes(wanted) || memberOf(type, "members", "name", wanted) !== undefined)
      );
    case "+":
      return walk(schema, memberOf(type, "variants", "case", wanted), rest);
    default:
      if (meta === "command") return walk(schema, textOf(type, step), rest);
      return walk(schema, memberOf(type, "members", "name", step), rest);
  }
}

function memberOf(type: JsonObject, list: "members" | "variants", key: string, wanted: string): string | undefined {
  const member = objects(type[list]).find((item) => item[key] === wanted);
  return member === undefined ? undefined : (textOf(member, "type") ?? wanted);
}
