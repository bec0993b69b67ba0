import { resolve } from "node:path";
import { VirtError } from "@polyvisor/core";

/** How important a line is: libvirt counts from 1 (debug) to 4 (errors). */
export type LogLevel = 1 | 2 | 3 | 4;

/** Where lines go, those of this level and above. */
export type LogOutput =
  | { readonly level: LogLevel; readonly to: "stderr" }
  | { readonly level: LogLevel; readonly to: "file"; readonly path: string };

/** Another level than the general one for lines of some source. */
export interface LogFilter {
  readonly level: LogLevel;
  /** What the source's name contains; `*` stands for anything. */
  readonly match: string;
}

/** Reads a list of outputs such as `1:file:/var/log/x 3:stderr`. Of two to one place the last counts. Throws in libvirt's words. */
export function parseOutputs(text: string): readonly LogOutput[] {
  const outputs = new Map<string, LogOutput>();
  for (const word of wordsOf(text)) {
    const output = parseOutput(word);
    const place = output.to === "file" ? output.path : "";
    outputs.delete(place);
    outputs.set(place, output);
  }
  return [...outputs.values()];
}

/** Reads a list of filters such as `1:qemu 4:domainCreate`. Throws in libvirt's words. */
export function parseFilters(text: string): readonly LogFilter[] {
  return wordsOf(text).map((word) => {
    const [priority = "", match] = word.split(":");
    if (match === undefined) throw invalid(`Malformed format for filter '${word}'`, FILTER_HINT);
    const level = levelOf(priority);
    if (level === undefined) throw invalid(`Invalid priority '${priority}' for filter '${word}'`, FILTER_HINT);
    const wanted = match.startsWith("+") ? match.slice(1) : match;
    if (wanted === "") throw invalid(`Invalid match string '${match}'`, FILTER_HINT);
    return { level, match: `*${wanted}*` };
  });
}

export function formatOutputs(outputs: readonly LogOutput[]): string {
  return outputs
    .map((output) => `${output.level}:${output.to === "file" ? `file:${output.path}` : output.to}`)
    .join(" ");
}

export function formatFilters(filters: readonly LogFilter[]): string {
  return filters.map(({ level, match }) => `${level}:${match}`).join(" ");
}

const FILTER_HINT = 'filters are a level from 1 to 4 and a text, such as "1:qemu"';
const OUTPUT_HINT = 'outputs are such as "3:stderr" or "1:file:/var/log/libvirt/polyvisord.log"';

/** How many fields each destination has. */
const FIELDS = new Map([
  ["stderr", 2],
  ["file", 3],
]);

function parseOutput(word: string): LogOutput {
  const fields = word.split(":");
  const [priority = "", to = "", path = ""] = fields;
  if (fields.length < 2) throw invalid(`Malformed format for log output '${word}'`, OUTPUT_HINT);
  const level = levelOf(priority);
  if (level === undefined) throw invalid(`Invalid log priority '${priority}' for log output '${word}'`, OUTPUT_HINT);
  const wanted = FIELDS.get(to);
  if (wanted === undefined) throw invalid(`Invalid log destination '${to}' for log output '${word}'`, OUTPUT_HINT);
  if (fields.length !== wanted)
    throw invalid(
      `Log output '${word}' does not meet the format requirements for destination type '${to}'`,
      OUTPUT_HINT,
    );
  return to === "file" ? { level, to, path: resolve(path) } : { level, to: "stderr" };
}

function levelOf(text: string): LogLevel | undefined {
  return /^[1-4]$/.test(text) ? (Number(text) as LogLevel) : undefined;
}

function wordsOf(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}

function invalid(detail: string, hint: string): VirtError {
  return new VirtError("INVALID_ARG", detail, { domain: "ADMIN", message: `invalid argument: ${detail}`, hint });
}
