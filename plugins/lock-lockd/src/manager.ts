import type { LockManager } from "@polyvisor/core";

export class LockdManager implements LockManager {}
