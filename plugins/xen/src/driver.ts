import {
  type Applicability,
  type CallContext,
  HOST_INFO,
  type HostInfo,
  type HypervisorConnection,
  type HypervisorDriver,
  LOG,
  type Log,
  PLUGIN_CONFIG,
  type Uri,
  VirtError,
} from "@polyvisor/core";
import { inject, injectable } from "tsyringe";
import type { XenHost } from "./connect.js";
import type { XenSettings } from "./settings.js";

/** The domains of this host's Xen, or of other hosts' that are reached by ssh. */
@injectable()
export class XenDriver implements HypervisorDriver {
  readonly #info: HostInfo;
  readonly #log: Log;
  readonly #settings: XenSettings;
  #loading: Promise<XenHost> | undefined;

  constructor(
    @inject(HOST_INFO as symbol) info: HostInfo,
    @inject(LOG as symbol) log: Log,
    @inject(PLUGIN_CONFIG as symbol) settings: XenSettings,
  ) {
    this.#info = info;
    this.#log = log;
    this.#settings = settings;
  }

  async probe(): Promise<Applicability> {
    if (this.#info.mode !== "system") return { usable: false, reason: "Xen is driven by the system's daemon alone" };
    const { dom0, hosts, xenstore_socket: socket } = this.#settings;
    if (dom0 !== "local") return { usable: true, detail: dom0.replace(/\?.*/, "") };
    if (await this.#isDom0()) return { usable: true, detail: "this host's dom0" };
    if (hosts.length > 0) return { usable: true, detail: `${hosts.length} other hosts` };
    return {
      usable: false,
      reason: `this is no dom0 (there is no ${socket}), and no other is set in plugins/xen.conf`,
    };
  }

  /** Nobody waits for a dom0 that cannot be reached: whoever opens a connection then hears of it. */
  async start(): Promise<void> {
    if (this.#info.mode !== "system" || !(await this.#isDom0())) return;
    (await this.#host()).begin();
  }

  /** The dom0 that is driven without anybody asking for it is there, as far as can be told at once. */
  async #isDom0(): Promise<boolean> {
    const { dom0, xenstore_socket: socket } = this.#settings;
    if (dom0 !== "local") return true;
    const { access } = await import("node:fs/promises");
    return access(socket).then(
      () => true,
      () => false,
    );
  }

  async open(uri: Uri, context: CallContext): Promise<HypervisorConnection> {
    if (uri.server !== undefined || !["", "/", "/system"].includes(uri.path))
      throw new VirtError("INTERNAL_ERROR", `unexpected Xen URI path '${uri.path}', try xen:///system`, {
        domain: "LIBXL",
        hint: "xen:///system",
      });
    return (await this.#host()).open(uri, context);
  }

  async close(): Promise<void> {
    await (await this.#loading?.catch(() => undefined))?.close();
  }

  #host(): Promise<XenHost> {
    this.#loading ??= import("./connect.js").then(
      ({ XenHost }) => new XenHost({ info: this.#info, log: this.#log, settings: this.#settings }),
    );
    return this.#loading;
  }
}
