import type { LockManager } from "@polyvisor/core";

export class SanlockManager implements LockManager {}
