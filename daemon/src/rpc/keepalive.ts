import { keepaliveProgram } from "@polyvisor/core";
import { writeKeepalive } from "./messages.js";
import type { Outbox } from "./outbox.js";

/** How clients are watched. An interval that is not positive, in seconds, means that they are not. */
export interface KeepaliveSettings {
  readonly interval: number;
  /** Pings that may stay without any answer. */
  readonly count: number;
}

/** Pings a client that has asked for it whenever it was silent for an interval, and gives up after too many. */
export class ClientWatch {
  readonly #settings: KeepaliveSettings;
  readonly #outbox: Outbox;
  readonly #dead: () => void;
  #timer: NodeJS.Timeout | undefined;
  #heard = false;
  #left: number;

  constructor(settings: KeepaliveSettings, outbox: Outbox, dead: () => void) {
    this.#settings = settings;
    this.#outbox = outbox;
    this.#dead = dead;
    this.#left = settings.count;
  }

  /** Called when the client asks for it; asking twice changes nothing. */
  start(): void {
    if (this.#timer !== undefined || this.#settings.interval <= 0) return;
    this.#timer = setInterval(() => this.#tick(), this.#settings.interval * 1000);
    this.#timer.unref();
  }

  /** Any bytes from the client are a sign of life. */
  heard(): void {
    this.#heard = true;
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tick(): void {
    if (this.#heard) {
      this.#heard = false;
      this.#left = this.#settings.count;
      return;
    }
    if (this.#left === 0) {
      this.#dead();
      return;
    }
    this.#left--;
    const { number, version, ping } = keepaliveProgram;
    writeKeepalive(this.#outbox, { program: number, version, procedure: ping });
  }
}
