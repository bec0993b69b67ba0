import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { delimiter, isAbsolute, join } from "node:path";
import {
  type Applicability,
  HOST_INFO,
  type HostInfo,
  type HypervisorConnection,
  type HypervisorDriver,
  PLUGIN_CONFIG,
  type PluginConfig,
  type Uri,
  VirtError,
} from "@polyvisor/core";
import { inject, injectable } from "tsyringe";
import type { Machines } from "./machine/machines.js";

/** What the schema in package.json promises. */
interface Settings {
  readonly vboxmanage: string;
  /** In seconds. */
  readonly timeout: number;
}

/** VirtualBox's machines, through its program VBoxManage. */
@injectable()
export class VboxDriver implements HypervisorDriver {
  readonly #settings: Settings;
  readonly #mode: HostInfo["mode"];
  #machines: Promise<Machines> | undefined;

  constructor(@inject(PLUGIN_CONFIG as symbol) config: PluginConfig, @inject(HOST_INFO as symbol) info: HostInfo) {
    this.#settings = config as unknown as Settings;
    this.#mode = info.mode;
  }

  async probe(): Promise<Applicability> {
    const program = await this.#find();
    return program === undefined
      ? { usable: false, reason: `${this.#settings.vboxmanage} is not installed` }
      : { usable: true, detail: program };
  }

  async open(uri: Uri): Promise<HypervisorConnection> {
    const paths = this.#mode === "system" ? ["/system", "/session"] : ["/session"];
    if (!paths.includes(uri.path))
      throw new VirtError("INTERNAL_ERROR", `unexpected vbox URI path '${uri.path}', try vbox:///${this.#mode}`, {
        domain: "VBOX",
        hint: `vbox:///${this.#mode}`,
      });
    const program = await this.#find();
    if (program === undefined)
      throw new VirtError("INTERNAL_ERROR", "unable to initialize VirtualBox driver API", {
        domain: "VBOX",
        hint: `install VirtualBox, or name its program in vbox.conf: vboxmanage = "/path/to/VBoxManage"`,
      });
    this.#machines ??= this.#load(program);
    const [machines, { connectionTo }] = await Promise.all([this.#machines, import("./connection.js")]);
    return connectionTo(machines, `vbox://${uri.path}`);
  }

  async #load(program: string): Promise<Machines> {
    const [{ machinesOf }, { VBoxManage }] = await Promise.all([
      import("./connection.js"),
      import("./manage/index.js"),
    ]);
    return machinesOf(new VBoxManage(program, this.#settings.timeout * 1000));
  }

  async #find(): Promise<string | undefined> {
    const { vboxmanage } = this.#settings;
    const folders = isAbsolute(vboxmanage) ? [""] : (process.env.PATH ?? "").split(delimiter);
    for (const folder of folders) {
      const path = join(folder, vboxmanage);
      const isThere = await access(path, constants.X_OK).then(
        () => true,
        () => false,
      );
      if (isThere) return path;
    }
    return undefined;
  }
}
