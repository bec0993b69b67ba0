import type { Case, Kit } from "../../kit/index.js";
import { authCases } from "./auth.js";
import { lockCases } from "./lock.js";
import { logCases } from "./log.js";
import { policyCases } from "./policy.js";
import { securityCases } from "./security.js";
import { SERVICE_APIS, type ServiceName, type ServiceSubject } from "./subject.js";

export { judgePlugin, type PluginJudgeOptions } from "./judge.js";
export {
  claimedCalls,
  type PluginUnderTest,
  type ServiceClient,
  type ServiceName,
  type ServiceSubject,
  subjectOfPlugin,
  subjectOfProvider,
} from "./subject.js";

function kit<N extends ServiceName>(name: N, cases: readonly Case<ServiceSubject<N>>[]): Kit<ServiceSubject<N>> {
  return { name, contract: `${name}.v1`, calls: Object.keys(SERVICE_APIS[name]), cases };
}

/** The kits of contracts whose providers are objects with handlers, by name. */
export const SERVICE_KITS: { readonly [N in ServiceName]: Kit<ServiceSubject<N>> } = {
  lock: kit("lock", lockCases),
  log: kit("log", logCases),
  security: kit("security", securityCases),
  auth: kit("auth", authCases),
  policy: kit("policy", policyCases),
};
