import type { SecurityDriver } from "@polyvisor/core";

export class SelinuxDriver implements SecurityDriver {}
