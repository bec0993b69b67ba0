import { type Call, hypervisorApi } from "@polyvisor/core";
import type { Kit } from "../kit/index.js";
import { badInputCases } from "./cases/bad-input.js";
import { cancellationCases } from "./cases/cancellation.js";
import { concurrencyCases } from "./cases/concurrency.js";
import { connectionCases } from "./cases/connection.js";
import { deviceCases } from "./cases/devices.js";
import { documentCases } from "./cases/documents.js";
import { idempotenceCases } from "./cases/idempotence.js";
import { identityCases } from "./cases/identity.js";
import { jobCases } from "./cases/jobs.js";
import { lifecycleCases } from "./cases/lifecycle.js";
import { otherObjectCases } from "./cases/other-objects.js";
import { readOnlyCases } from "./cases/read-only.js";
import { restartCases } from "./cases/restarts.js";
import { savingCases } from "./cases/saving.js";
import { snapshotCases } from "./cases/snapshots.js";
import { statisticsCases } from "./cases/statistics.js";
import { streamCases } from "./cases/streams.js";
import { unsupportedCases } from "./cases/unsupported.js";
import type { HypervisorSubject } from "./subject.js";

/** What every driver of `hypervisor.v1` must do. */
export const hypervisorKit: Kit<HypervisorSubject> = {
  name: "hypervisor",
  contract: "hypervisor.v1",
  calls: Object.entries(hypervisorApi as Readonly<Record<string, Call>>)
    .filter(([, { by }]) => by === "driver")
    .map(([name]) => name),
  cases: [
    ...connectionCases,
    ...identityCases,
    ...lifecycleCases,
    ...idempotenceCases,
    ...concurrencyCases,
    ...documentCases,
    ...statisticsCases,
    ...deviceCases,
    ...snapshotCases,
    ...savingCases,
    ...jobCases,
    ...cancellationCases,
    ...streamCases,
    ...otherObjectCases,
    ...readOnlyCases,
    ...badInputCases,
    ...unsupportedCases,
    ...restartCases,
  ],
};
