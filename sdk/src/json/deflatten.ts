import { VirtError } from "@polyvisor/core";
import { isJsonObject, type JsonObject, type JsonValue } from "./value.js";

/**
 * Undoes the short form of nested objects: `{"file.path": "x"}` becomes `{"file": {"path": "x"}}`, and an object whose
 * keys count from 0 becomes a list.
 *
 * QEMU takes both forms where an image names the one below it (`json:{...}`). Throws `INVALID_ARG` where a key stands
 * for two things.
 */
export function deflattenJson(object: JsonObject): JsonValue {
  return withLists(nest(object));
}

type Draft = Map<string, JsonValue>;

function nest(object: JsonObject): Draft {
  const nested: Draft = new Map();
  for (const [key, value] of object) place(nested, key, value);
  return nested;
}

function place(into: Draft, key: string, value: JsonValue): void {
  const dot = key.indexOf(".");
  if (dot === -1) {
    if (into.has(key)) throw new VirtError("INVALID_ARG", `can't deflatten colliding key '${key}'`);
    into.set(key, isJsonObject(value) ? nest(value) : value);
    return;
  }
  const name = key.slice(0, dot);
  place(child(into, name), key.slice(dot + 1), value);
}

function child(of: Draft, name: string): Draft {
  const found = of.get(name);
  if (found instanceof Map) return found;
  if (found !== undefined) {
    const words = "mixing nested objects and values is forbidden in JSON deflattening";
    throw new VirtError("INVALID_ARG", words, { hint: `'${name}' is a value already, and cannot hold others.` });
  }
  const made: Draft = new Map();
  of.set(name, made);
  return made;
}

function withLists(value: JsonValue): JsonValue {
  if (!isJsonObject(value)) return value;
  const listed = new Map([...value].map(([key, each]) => [key, withLists(each)]));
  const list: JsonValue[] = [];
  for (const [key, each] of listed) {
    const index = /^\s*\+?\d+$/.test(key) ? Number(key) : listed.size;
    if (index >= listed.size || list[index] !== undefined) return listed;
    list[index] = each;
  }
  return list;
}
