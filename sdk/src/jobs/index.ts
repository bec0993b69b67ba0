export type { AgentRequest, AsyncRequest, NormalRequest } from "./entry.js";
export { type HasJobs, jobHandlers } from "./handlers.js";
export { type AsyncJobHandle, DomainJobs, type JobOptions } from "./jobs.js";
export { type AsyncJob, DEFAULT_MASK, type Job, type JobInfo, type NormalJob } from "./kinds.js";
