import { formatFilterBinding, formatNetworkFilter, parseFilterBinding, parseNetworkFilter } from "../../conf/index.js";
import type { GoldenRun, GoldenSuites } from "../case.js";
import { expectMode, expectUnwrapped } from "../compare.js";

const filterRoundTrip: GoldenRun = async (row, files) => {
  const printed = await expectMode(row, () => formatNetworkFilter(parseNetworkFilter(files.text(row.input))));
  if (printed !== undefined) expectUnwrapped(files, row.expected, printed);
};

const bindingRoundTrip: GoldenRun = async (row, files) => {
  const printed = await expectMode(row, () => formatFilterBinding(parseFilterBinding(files.text(row.input))));
  if (printed !== undefined) expectUnwrapped(files, row.expected, printed);
};

export const nwfilterSuites: GoldenSuites = {
  nwfilterxml2xml: () => filterRoundTrip,
  nwfilterbinding: () => bindingRoundTrip,
};
