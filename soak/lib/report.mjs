import { writeFile } from "node:fs/promises";

/**
 * @typedef {object} Report
 * @property {string[]} faults what is wrong; none means that the soak passed
 * @property {Record<string, unknown>[]} rows figures for a person, one table
 * @property {unknown[]} details figures for a program
 */

export const mb = (bytes) => (bytes / 1048576).toFixed(1);
/** Of an observer that was not given the time for a single call there is nothing to tell. */
export const us = (microseconds) => (Number.isFinite(microseconds) ? microseconds.toFixed(0) : "-");

/** Median and 99th percentile of one over those of the other. */
export const ratio = (one, other) => `${(one.p50 / other.p50).toFixed(1)}/${(one.p99 / other.p99).toFixed(1)}`;

/** @param {Report} report @param {string | undefined} json a file to write everything to */
export async function tell(report, json) {
  console.log(`\n${table(report.rows)}\n`);
  for (const fault of report.faults) console.log(`FAULT ${fault}`);
  console.log(report.faults.length === 0 ? "passed" : `FAILED: ${report.faults.length} faults`);
  if (json !== undefined) await writeFile(json, `${JSON.stringify(report, undefined, 1)}\n`);
}

function table(rows) {
  const heads = Object.keys(rows[0] ?? {});
  const lines = [heads, ...rows.map((row) => heads.map((head) => String(row[head])))];
  const widths = heads.map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  return lines.map((line) => line.map((cell, column) => cell.padStart(widths[column])).join("  ")).join("\n");
}
