import { type Call, hypervisorApi } from "@polyvisor/core";
import type { HypervisorSubject } from "../../hypervisor/index.js";
import type { Case, Kit } from "../../kit/index.js";
import type { Definable } from "./definable.js";
import { callCases } from "./each-call.js";
import { identityCases } from "./identity.js";
import { interfaceCases } from "./interface.js";
import { keepingCases } from "./keeping.js";
import { lifeCases } from "./life.js";
import { networks } from "./network.js";
import { nodeDeviceCases } from "./node-device.js";
import { nwfilterCases } from "./nwfilter.js";
import { pools } from "./pool.js";
import { secretCases } from "./secret.js";
import { volumeCases } from "./volume.js";

const CALLS = Object.keys(hypervisorApi as Readonly<Record<string, Call>>);

const definableCases = (sort: Definable) => [...lifeCases(sort), ...identityCases(sort), ...keepingCases(sort)];

function kit(name: string, calls: RegExp, cases: readonly Case<HypervisorSubject>[]): Kit<HypervisorSubject> {
  const own = CALLS.filter((call) => calls.test(call));
  return { name, contract: `${name}.v1`, calls: own, cases: [...cases, ...callCases(name, own)] };
}

/** The kits of what is no domain: networks, storage, devices and so on, of whatever connection has calls about them. */
export const OBJECT_KITS: readonly Kit<HypervisorSubject>[] = [
  kit("network", /^network|^connect(List|NumOf)(All|Defined)?Networks$|^connectNetworkEvent/, definableCases(networks)),
  kit("storage", /^storage|StoragePool/, [...definableCases(pools), ...volumeCases]),
  kit("nodedev", /^nodeDevice|NodeDevice|^node(NumOf|List)Devices$/, nodeDeviceCases),
  kit("interface", /^interface|^connect(List|NumOf)(All|Defined)?Interfaces$/, interfaceCases),
  kit("nwfilter", /^nwFilter|NWFilter/, nwfilterCases),
  kit("secret", /^secret|Secret/, secretCases),
];
