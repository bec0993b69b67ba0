import type { InjectionToken } from "tsyringe";
import type { ClientOf } from "../api/define.js";
import type { Identity, MaybePromise } from "./context.js";
import type { ServedApis, SUB_CONTRACTS } from "./contracts.js";
import type { ObjectEventSource } from "./driver.js";

/** The contracts that one plugin may ask another one for, through the host. */
export type ServedContract = keyof ServedApis;
/** Those of sub-drivers, whose clients open connections. */
export type SubContract = (typeof SUB_CONTRACTS)[number];

/** A connection to a sub-driver, for a plugin that needs it. */
export type SubClient<C extends SubContract> = ClientOf<ServedApis[C]> & {
  /** Subscribing fails with `NO_SUPPORT` where the driver has no such events. */
  readonly objectEvents: ObjectEventSource;
  /** To be called when the plugin needs it no longer: subscriptions end with it. */
  close(): MaybePromise<void>;
};

/**
 * What a plugin sees of a contract: every call of its table. A call that the provider lacks fails with `NO_SUPPORT`. The
 * context of a call is the host's own where none is given.
 */
export type ContractClient<C extends ServedContract> = C extends SubContract ? SubClient<C> : ClientOf<ServedApis[C]>;

/** A client of one of several providers, under the name of the plugin that provides it. */
export interface NamedClient<C extends ServedContract> {
  readonly plugin: string;
  readonly client: ContractClient<C>;
}

/** What the host does for a plugin: it leads to what other plugins provide, in this process or in one of their own. */
export interface HostServices {
  /**
   * A client of a contract, for somebody (`identity`; the host itself by default): of the provider that the operator has
   * chosen, or of the only one there is where it is a sub-driver's. `undefined` where there is none. Rejects where the
   * provider cannot be used.
   *
   * To be called when the plugin has something to do for a guest or a client, not in `start`: two plugins that wait for
   * each other's start would wait for ever.
   */
  connect<C extends ServedContract>(contract: C, identity?: Identity): Promise<ContractClient<C> | undefined>;
  /** The same of every provider that the operator has chosen, in the operator's order: a guest may have several security drivers. */
  connectAll<C extends ServedContract>(contract: C, identity?: Identity): Promise<readonly NamedClient<C>[]>;
}

export const HOST_SERVICES: InjectionToken<HostServices> = Symbol.for("polyvisor.HostServices");
