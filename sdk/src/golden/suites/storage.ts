import {
  formatStoragePool,
  formatStorageVolume,
  parseStoragePool,
  parseStorageVolume,
  type StorageVolumeParseOptions,
} from "../../conf/index.js";
import type { GoldenCase, GoldenRun, GoldenSuites } from "../case.js";
import { expectMode, expectUnwrapped } from "../compare.js";

const pools: GoldenRun = async (row, files) => {
  const printed = await expectMode(row, () => formatStoragePool(parseStoragePool(files.text(row.input))));
  if (printed !== undefined) expectUnwrapped(files, row.expected, printed);
};

/** The first of the further inputs is the pool of the volume. */
const volumes: GoldenRun = async (row, files) => {
  const pool = parseStoragePool(files.text(row.extraInputs[0]));
  const options: StorageVolumeParseOptions = { capacity: capacityRule(row) };
  const printed = await expectMode(row, () =>
    formatStorageVolume(parseStorageVolume(files.text(row.input), pool, options)),
  );
  if (printed !== undefined) expectUnwrapped(files, row.expected, printed);
};

function capacityRule(row: GoldenCase): NonNullable<StorageVolumeParseOptions["capacity"]> {
  const flags: readonly unknown[] = [row.parseFlags, row.flags].flat();
  if (flags.includes("VIR_VOL_XML_PARSE_NO_CAPACITY")) return "optional";
  return flags.includes("VIR_VOL_XML_PARSE_OPT_CAPACITY") ? "optional-with-backing" : "required";
}

export const storageSuites: GoldenSuites = { storagepoolxml2xml: () => pools, storagevolxml2xml: () => volumes };
