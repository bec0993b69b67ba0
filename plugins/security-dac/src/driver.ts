import type { SecurityDriver } from "@polyvisor/core";

export class DacDriver implements SecurityDriver {}
