export { type HypervisorSubject, subjectOfDriver, subjectOfHost } from "./subject.js";
