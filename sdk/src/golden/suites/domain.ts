import type { ParseOptions } from "../../conf/index.js";
import type { GoldenSuites } from "../case.js";
import { domainRoundTrip } from "../domain-round-trip.js";

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

export const domainSuites: GoldenSuites = { genericxml2xml: () => domainRoundTrip(GENERIC) };
