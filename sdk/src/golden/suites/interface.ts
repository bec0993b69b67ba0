import { formatHostInterface, parseHostInterface } from "../../conf/index.js";
import type { GoldenRun, GoldenSuites } from "../case.js";
import { expectExact, expectMode } from "../compare.js";

const interfaces: GoldenRun = async (row, files) => {
  const printed = await expectMode(row, () => formatHostInterface(parseHostInterface(files.text(row.input))));
  if (printed !== undefined) expectExact(files, row.expected, printed);
};

export const interfaceSuites: GoldenSuites = { interface: () => interfaces };
