import type { HostInfo, HostServices, Log } from "@polyvisor/core";
import type { HostShape } from "@polyvisor/sdk/conf/host";
import { FileKeeper, GuestDriver } from "@polyvisor/sdk/driver";
import { bhyveCapabilities } from "./conf/index.js";
import type { BhyveConfig } from "./driver.js";
import { BhyveBackend } from "./guest/backend.js";
import type { BhyveGuest } from "./guest/guest.js";
import { Services } from "./guest/services.js";
import type { BhyveHost } from "./host/host.js";

/** KiB. */
const PAGE_SIZE = 4;

export interface ServiceParts {
  readonly host: BhyveHost;
  readonly info: HostInfo;
  readonly log: Log;
  readonly services: HostServices | undefined;
  readonly config: BhyveConfig;
}

/** The driver, on a host whose programs have been looked at; it is still to be started. */
export async function makeDriver(parts: ServiceParts): Promise<GuestDriver<BhyveGuest>> {
  const { host, info, log, config } = parts;
  const backend = new BhyveBackend({
    host,
    info,
    log,
    services: new Services(parts.services),
    capabilities: bhyveCapabilities({ facts: factsOf(await host.node.shape()), uuid: info.uuid }),
    firmwareFolder: config.firmware_dir,
  });
  const keeper = new FileKeeper(info.paths, backend.scheme, log, () => host.bootId);
  return new GuestDriver(backend, { info, log, keeper });
}

function factsOf(shape: HostShape) {
  return { ...shape, interconnects: [], caches: [], pageSizes: [PAGE_SIZE], iommu: false };
}
