import { formatDomain, type ParseOptions, parseDomain } from "../../conf/index.js";
import type { GoldenRun, GoldenSuites } from "../case.js";
import { expectMode, expectUnwrapped } from "../compare.js";

const GENERIC: ParseOptions = {
  newUuid: () => "00000000-0000-4000-8000-000000000000",
  newMac: () => "52:54:00:00:00:00",
  hooks: {
    features: new Set([
      "memory-hotplug",
      "offline-vcpupin",
      "individual-vcpus",
      "user-alias",
      "net-model-string",
      "disk-fd",
    ]),
    defaultSecurityModel: "none",
  },
};

function roundTrip(options: ParseOptions): () => GoldenRun {
  return () => async (row, files) => {
    const inactive = row.live !== true;
    const printed = await expectMode(row, () =>
      formatDomain(parseDomain(files.text(row.input), { ...options, inactive }), { inactive, secure: true }),
    );
    if (printed !== undefined) expectUnwrapped(files, row.expected ?? row.input, printed);
  };
}

export const domainSuites: GoldenSuites = { genericxml2xml: roundTrip(GENERIC) };
