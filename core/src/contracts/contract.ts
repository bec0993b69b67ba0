import type { Call } from "../api/define.js";
import type { EventObject } from "../api/object-events.js";

/** How far a contract may still change within its major version. */
export type Stability = "stable" | "young";

/**
 * One major version of a contract, as data: what host and plugins agree on, and what a process boundary needs to know to
 * carry it.
 */
export interface Contract {
  readonly name: string;
  readonly major: number;
  /** The calls: what a client of the contract may call, and a provider implement any subset of. */
  readonly api: Readonly<Record<string, Call>>;
  /**
   * What provides it. `handlers`: an object with handlers of the calls. `driver`: an object that opens connections, which
   * have the handlers (`Driver`).
   */
  readonly provider: "handlers" | "driver";
  /** Of a driver's connections: which objects they tell events about. */
  readonly eventsAbout?: readonly EventObject[];
  /** The version of @polyvisor/core that first had this major. */
  readonly since: string;
  /** A young contract may still change with a minor version of the core; a stable one only by a new major of its own. */
  readonly stability: Stability;
  /** The major before this one, which a host serves as well. A contract without it has no other major. */
  readonly former?: Former;
}

/** How the former major of a contract is served beside the present one. */
export interface Former {
  readonly contract: Contract;
  /** What provides the former major, as one that provides the present. Called once for each provider. */
  upgrade(provider: object): object;
  /** What provides the present major, as one that provides the former, for those who still ask for that. */
  downgrade(provider: object): object;
}

/** The name by which manifests and settings know a contract, such as `network.v1`. */
export function contractId({ name, major }: Pick<Contract, "name" | "major">): string {
  return `${name}.v${major}`;
}
