import { join } from "node:path";
import {
  type Applicability,
  HOST_INFO,
  HOST_SERVICES,
  type HostInfo,
  type HostServices,
  LOG,
  type Log,
  PLUGIN_CONFIG,
  providers,
} from "@polyvisor/core";
import { inject, injectable } from "tsyringe";
import { type BhyveConfig, BhyveDriver } from "../driver.js";
import type { BhyveHost } from "../host/host.js";
import { RecordingHost } from "./recording-host.js";

/** Where a recording host keeps what it was asked to do. */
export function recordingFolder({ paths }: Pick<HostInfo, "paths">): string {
  return join(paths.run, "recording-bhyve");
}

/** The driver on a host that runs nothing: no bhyve can run where the tests do. */
@injectable()
export class RecordedBhyveDriver extends BhyveDriver {
  // What is injected has to be told for each class anew.
  constructor(
    @inject(HOST_INFO as symbol) info: HostInfo,
    @inject(LOG as symbol) log: Log,
    @inject(HOST_SERVICES as symbol, { isOptional: true }) services: HostServices | undefined,
    @inject(PLUGIN_CONFIG as symbol) config: BhyveConfig,
  ) {
    super(info, log, services, config);
  }

  override async probe(): Promise<Applicability> {
    return { usable: true, detail: "a recording host" };
  }

  protected override async openHost(info: HostInfo): Promise<BhyveHost> {
    return new RecordingHost(recordingFolder(info));
  }
}

export default providers({ "hypervisor.v1": RecordedBhyveDriver });
