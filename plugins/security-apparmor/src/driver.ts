import type { SecurityDriver } from "@polyvisor/core";

export class ApparmorDriver implements SecurityDriver {}
