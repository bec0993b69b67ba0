import type { Network, NetworkPort } from "@polyvisor/sdk/conf/network";
import { Definable } from "./definable.js";

/** A network, and who is plugged into it. */
export class TestNetwork extends Definable<Network> {
  /** By UUID. */
  readonly ports = new Map<string, NetworkPort>();

  override stop(): void {
    super.stop();
    this.ports.clear();
  }
}
