import { isDeepStrictEqual } from "node:util";
import { VirtError } from "@polyvisor/core";
import { KINDS } from "./kinds.mjs";
import { foreign, normal, PRINTED_AND_REFUSED } from "./normal.mjs";

/**
 * Reads a document as the daemon does and prints it again.
 * @returns {{ outcome: string, fault?: string, times: { parse: number, format: number } }} times in milliseconds of CPU time
 */
export function judge({ kind, bytes }) {
  const { read, write } = KINDS[kind];
  const times = { parse: 0, format: 0 };
  const text = bytes.toString();
  let model;
  try {
    [model, times.parse] = timed(() => read(text));
  } catch ({ error, time }) {
    times.parse = time;
    return { times, ...refusal(error) };
  }
  try {
    let printed;
    [printed, times.format] = timed(() => write(model));
    return { times, outcome: "model", ...compare(model, printed, read, write) };
  } catch ({ error }) {
    return { times, outcome: "crash", fault: `printing: ${error.stack}` };
  }
}

function refusal(error) {
  if (!(error instanceof VirtError)) return { outcome: "crash", fault: `reading: ${error.stack}` };
  if (error.code === "INTERNAL_ERROR" && error.cause instanceof Error && !(error.cause instanceof VirtError)) {
    return { outcome: "crash", fault: `reading: ${error.cause.stack}` };
  }
  return error.position === undefined
    ? { outcome: "error", fault: `an error without its place: ${error.message.slice(0, 200)}` }
    : { outcome: "error" };
}

/**
 * What is printed must be read as what it was printed from, but for what libvirt changes too; from then on nothing may
 * change any more.
 */
function compare(model, printed, read, write) {
  let second;
  let third;
  try {
    second = read(printed);
    third = read(write(second));
  } catch (error) {
    if (PRINTED_AND_REFUSED.some((words) => error.message.includes(words))) return {};
    return { fault: `what was printed is refused: ${error.message.slice(0, 300)}` };
  }
  const [before, after] = [normal(model), normal(second)];
  if (!isDeepStrictEqual(before, after)) {
    return { fault: `the model is another one when it comes back: ${difference(before, after)}` };
  }
  const [settled, again] = [withoutPlaces(second), withoutPlaces(third)];
  if (!isDeepStrictEqual(settled, again)) return { fault: `the model never settles: ${difference(settled, again)}` };
  return write(second) === write(third) ? {} : { fault: "the same model is printed in another way" };
}

/** A model as data; foreign elements have places, which change. */
function withoutPlaces(model) {
  const isForeign = (value) => value !== null && typeof value === "object" && "children" in value && "uri" in value;
  return JSON.parse(JSON.stringify(model, (_key, value) => (isForeign(value) ? foreign(value) : value)));
}

/** The first place where two values differ. */
function difference(before, after, path = "") {
  const both = [before, after];
  if (both.some((each) => each === null || typeof each !== "object")) {
    return `${path}: ${both.map((each) => JSON.stringify(each)?.slice(0, 100)).join(" | ")}`;
  }
  const keys = new Set(both.flatMap((each) => Object.keys(each)));
  const key = [...keys].find((each) => !isDeepStrictEqual(before[each], after[each]));
  return difference(before[key], after[key], `${path}/${key}`);
}

function timed(work) {
  const begin = process.cpuUsage();
  try {
    return [work(), since(begin)];
  } catch (error) {
    throw { error, time: since(begin) };
  }
}

function since(begin) {
  const { user, system } = process.cpuUsage(begin);
  return (user + system) / 1000;
}
