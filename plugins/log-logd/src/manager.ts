import type { LogManager } from "@polyvisor/core";

export class LogdManager implements LogManager {}
