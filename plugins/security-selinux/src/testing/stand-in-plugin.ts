import { join } from "node:path";
import { HOST_INFO, HOST_SERVICES, type HostInfo, type HostServices, LOG, type Log, providers } from "@polyvisor/core";
import { inject, injectable } from "tsyringe";
import { SelinuxDriver } from "../driver.js";
import { SelinuxHost } from "../selinux-host.js";
import { putStandInFiles } from "./stand-in-host.js";

/** The plugin on a host that stands in for one under SELinux, for tests that load it as a plugin: see stand-in/. */
@injectable()
class StandInDriver extends SelinuxDriver {
  readonly #root: string;

  constructor(
    @inject(HOST_INFO as symbol) info: HostInfo,
    @inject(LOG as symbol) log: Log,
    @inject(HOST_SERVICES as symbol) services: HostServices,
  ) {
    const root = join(info.paths.run, "stand-in");
    super(info, log, services, new SelinuxHost(root));
    this.#root = root;
  }

  override async probe() {
    await putStandInFiles(this.#root);
    return super.probe();
  }
}

export default providers({ "security.v1": StandInDriver });
