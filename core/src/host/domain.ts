import type { ByteStream } from "../api/define.js";
import type { HypervisorClient } from "../api/programs.js";
import type { Domain } from "../api/types.js";

/** One domain of a connection. What it holds is a reference: every method asks the driver. */
export class DomainHandle implements Domain {
  readonly name: string;
  readonly uuid: string;
  /** The id when this handle was made; -1 where the domain was not running. */
  readonly id: number;
  readonly #api: HypervisorClient;
  readonly #dom: Domain;

  constructor(api: HypervisorClient, dom: Domain) {
    this.name = dom.name;
    this.uuid = dom.uuid;
    this.id = dom.id;
    this.#api = api;
    this.#dom = dom;
  }

  /** Starts it; `flags` are of `CREATE_FLAG`. */
  async create(flags = 0): Promise<void> {
    await this.#api.domainCreateWithFlags({ dom: this.#dom, flags });
  }

  /** Ends it at once, as if its power were cut. */
  async destroy(flags = 0): Promise<void> {
    await this.#api.domainDestroyFlags({ dom: this.#dom, flags });
  }

  /** Asks the guest to shut down. Returns once it was asked, not once it is off. */
  async shutdown(flags = 0): Promise<void> {
    await this.#api.domainShutdownFlags({ dom: this.#dom, flags });
  }

  async reboot(flags = 0): Promise<void> {
    await this.#api.domainReboot({ dom: this.#dom, flags });
  }

  async reset(): Promise<void> {
    await this.#api.domainReset({ dom: this.#dom, flags: 0 });
  }

  async suspend(): Promise<void> {
    await this.#api.domainSuspend({ dom: this.#dom });
  }

  async resume(): Promise<void> {
    await this.#api.domainResume({ dom: this.#dom });
  }

  async undefine(flags = 0): Promise<void> {
    await this.#api.domainUndefineFlags({ dom: this.#dom, flags });
  }

  /** Makes a job give up that `Connection.jobs` shows. Fails with `INVALID_ARG` where the domain has no such job. */
  async cancelJob(id: bigint | number): Promise<void> {
    await this.#api.domainCancelJob({ dom: this.#dom, id, flags: 0 });
  }

  info(): ReturnType<HypervisorClient["domainGetInfo"]> {
    return this.#api.domainGetInfo({ dom: this.#dom });
  }

  /** A member of `DOMAIN_STATE` and its reason. */
  state(): ReturnType<HypervisorClient["domainGetState"]> {
    return this.#api.domainGetState({ dom: this.#dom, flags: 0 });
  }

  /** The domain's document; `flags` are of `XML_FLAG`. */
  getXMLDesc(flags = 0): Promise<string> {
    return this.#api.domainGetXMLDesc({ dom: this.#dom, flags });
  }

  /** A stream to the device named, or to the first console; `flags` are of `CONSOLE_FLAG`. */
  openConsole(devName: string | null = null, flags = 0): Promise<ByteStream> {
    return this.#api.domainOpenConsole({ dom: this.#dom, devName, flags });
  }
}
