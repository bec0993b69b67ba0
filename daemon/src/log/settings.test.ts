import { VirtError } from "@polyvisor/core";
import test from "ava";
import { formatFilters, formatOutputs, parseFilters, parseOutputs } from "./settings.js";

for (const [given, kept] of [
  ["", ""],
  ["3:stderr", "3:stderr"],
  ["  1:file:/var/log/x \t 4:stderr ", "1:file:/var/log/x 4:stderr"],
  ["1:file:/a 2:stderr 3:file:/a", "2:stderr 3:file:/a"],
  ["1:file:/a/../b", "1:file:/b"],
] as const)
  test(`outputs are kept: "${given}"`, (t) => {
    t.is(formatOutputs(parseOutputs(given)), kept);
  });

for (const [given, kept] of [
  ["", ""],
  ["1:qemu 3:util.json", "1:*qemu* 3:*util.json*"],
  ["1:+rpc", "1:*rpc*"],
] as const)
  test(`filters are kept: "${given}"`, (t) => {
    t.is(formatFilters(parseFilters(given)), kept);
  });

/** What libvirtd 9.0.0 answers to virt-admin. */
const REFUSED: readonly (readonly [parse: (text: string) => unknown, given: string, says: string])[] = [
  [parseOutputs, "x", "Malformed format for log output 'x'"],
  [parseOutputs, "7:stderr", "Invalid log priority '7' for log output '7:stderr'"],
  [parseOutputs, "1:foo", "Invalid log destination 'foo' for log output '1:foo'"],
  [parseOutputs, "1:file", "Log output '1:file' does not meet the format requirements for destination type 'file'"],
  [
    parseOutputs,
    "3:stderr 1:stderr:x",
    "Log output '1:stderr:x' does not meet the format requirements for destination type 'stderr'",
  ],
  [parseFilters, "qemu", "Malformed format for filter 'qemu'"],
  [parseFilters, "9:qemu", "Invalid priority '9' for filter '9:qemu'"],
  [parseFilters, "1:", "Invalid match string ''"],
];

for (const [parse, given, says] of REFUSED)
  test(`refused in libvirt's words: "${given}"`, (t) => {
    const error = t.throws(() => parse(given), { instanceOf: VirtError });
    t.is(error?.message, `invalid argument: ${says}`);
  });
