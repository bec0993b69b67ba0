export { hypervisorKit } from "./kit.js";
export { completeProfile, type HypervisorProfile, TRAITS } from "./profile.js";
export { type HypervisorSubject, subjectOfDriver, subjectOfHost } from "./subject.js";
