import {
  deflattenJson,
  formatJson,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  parseJson,
} from "../../json/index.js";
import type { GoldenCase, GoldenFiles, GoldenRun, GoldenSuites } from "../case.js";
import { expectMode, expectUnwrapped, GoldenDifference } from "../compare.js";

function inputObject(value: JsonValue): JsonObject {
  if (!isJsonObject(value)) throw new Error("the input is no object");
  return value;
}

/** The key `name` taken away, and another one added. */
function exchangeName(value: JsonValue): JsonValue {
  const object = new Map(inputObject(value));
  if (object.get("name") !== "sample") throw new Error("the input has no name to take away");
  object.delete("name");
  return object.set("newname", "foo");
}

function printed(row: GoldenCase, text: string): string {
  const value = parseJson(text.replaceAll("\\\n", ""));
  if (row.case.startsWith("deflatten ")) return formatJson(deflattenJson(inputObject(value)), { pretty: true });
  return formatJson(row.case.startsWith("add-remove ") ? exchangeName(value) : value);
}

interface InlineCase {
  readonly case: string;
  readonly input: string;
  readonly expected: string | null;
}

function isInlineCase(value: unknown): value is InlineCase {
  return typeof value === "object" && value !== null && "case" in value && "input" in value && "expected" in value;
}

/** Rows without files: their documents stand in a list beside the manifest, one byte in each character. */
async function runInline(row: GoldenCase, files: GoldenFiles): Promise<void> {
  const list: unknown = JSON.parse(files.text("virjson-inline.json"));
  const inline = Array.isArray(list) ? list.filter(isInlineCase).find((each) => each.case === row.case) : undefined;
  if (inline === undefined) throw new Error("the row has no document");
  const output = await expectMode(row, () => formatJson(parseJson(Buffer.from(inline.input, "latin1"))));
  if (output !== undefined && output !== inline.expected) throw new GoldenDifference(inline.expected ?? "", output);
}

const runJson: GoldenRun = async (row, files) => {
  if (row.input === null) return runInline(row, files);
  const output = await expectMode(row, () => printed(row, files.text(row.input)));
  if (output !== undefined) expectUnwrapped(files, row.expected, output);
};

export const jsonSuites: GoldenSuites = { virjson: () => runJson };
