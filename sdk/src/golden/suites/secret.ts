import { formatSecret, parseSecret } from "../../conf/index.js";
import type { GoldenRun, GoldenSuites } from "../case.js";
import { expectMode, expectUnwrapped } from "../compare.js";

const secrets: GoldenRun = async (row, files) => {
  const printed = await expectMode(row, () => formatSecret(parseSecret(files.text(row.input))));
  if (printed !== undefined) expectUnwrapped(files, row.expected, printed);
};

export const secretSuites: GoldenSuites = { secret: () => secrets };
