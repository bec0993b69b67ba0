/** A number as it was written: neither digits nor the form are lost, whatever its size. */
export interface JsonNumber {
  readonly number: string;
}

/** Keys in the order of the document, numeric ones too. */
export type JsonObject = ReadonlyMap<string, JsonValue>;

/** A JSON document without loss, other than `JSON.parse` keeps it. */
export type JsonValue = null | boolean | string | JsonNumber | readonly JsonValue[] | JsonObject;

export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return value instanceof Map;
}

export function isJsonList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}
