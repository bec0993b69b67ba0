import { access } from "node:fs/promises";
import { join } from "node:path";
import { HOST_INFO, type HostInfo, PLUGIN_CONFIG, providers } from "@polyvisor/core";
import { inject, injectable } from "tsyringe";
import { type ApparmorConfig, ApparmorDriver } from "../driver.js";
import { putStandInFiles, standInParts } from "./stand-in-kernel.js";

/** The plugin on a kernel that stands in for one with AppArmor, for tests that load it as a plugin: see stand-in/. */
@injectable()
class StandInDriver extends ApparmorDriver {
  readonly #root: string;

  constructor(
    @inject(HOST_INFO as symbol) info: HostInfo,
    @inject(PLUGIN_CONFIG as symbol) config: Partial<ApparmorConfig>,
  ) {
    const root = join(info.paths.run, "stand-in");
    super(info, { profile_dir: "", emulators: [], ...config }, standInParts(root));
    this.#root = root;
  }

  /** A kernel outlives the plugin: what is there already stays. */
  override async probe() {
    await access(this.#root).catch(() => putStandInFiles(this.#root));
    return super.probe();
  }
}

export default providers({ "security.v1": StandInDriver });
