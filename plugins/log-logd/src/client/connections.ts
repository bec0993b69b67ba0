import { type ClientOf, logProgram, VirtError } from "@polyvisor/core";
import type { HelperDoor } from "@polyvisor/sdk/helper-daemon";
import { type RpcClient, stubsOf } from "@polyvisor/sdk/rpc";

export type LogDaemon = ClientOf<(typeof logProgram)["calls"]>;

/** The connection ended before the answer came: whether the call was carried out is not known. */
export class ConnectionLost extends Error {
  override readonly name = "ConnectionLost";
}

/** How many connections are kept for later. */
const SPARE = 4;
/** How long an answer may take, in milliseconds: a log's disk may hang. */
const DEADLINE = 30_000;

/**
 * Connections to the log daemon, each for one call at a time: a daemon works off the calls of a connection one after the
 * other, and one that waits for a disk must not keep the others waiting.
 */
export class Connections {
  readonly #door: HelperDoor;
  readonly #deadline: number;
  readonly #spare: RpcClient[] = [];
  #isClosed = false;

  constructor(door: HelperDoor, deadline = DEADLINE) {
    this.#door = door;
    this.#deadline = deadline;
  }

  /** Makes a call. Rejects with the daemon's error, `OPERATION_TIMEOUT`, or `ConnectionLost`. */
  async call<T>(work: (daemon: LogDaemon, signal: AbortSignal) => Promise<T>): Promise<T> {
    const client = this.#spare.pop() ?? (await this.#open());
    const signal = AbortSignal.timeout(this.#deadline);
    let isOver = false;
    void client.closed.then(() => {
      isOver = true;
    });
    try {
      return await work(stubsOf(client, logProgram), signal);
    } catch (error) {
      // A call fails a moment before its connection is known to be over.
      await new Promise((resolve) => setImmediate(resolve));
      if (isOver) throw new ConnectionLost((error as Error).message, { cause: error });
      if (!signal.aborted) throw error;
      isOver = true;
      void client.close();
      throw tooSlow(this.#deadline);
    } finally {
      if (!isOver) this.#putBack(client);
    }
  }

  close(): void {
    this.#isClosed = true;
    for (const client of this.#spare.splice(0)) void client.close();
  }

  async #open(): Promise<RpcClient> {
    const client = await this.#door.connect();
    void client.closed.then(() => {
      const index = this.#spare.indexOf(client);
      if (index >= 0) this.#spare.splice(index, 1);
    });
    return client;
  }

  #putBack(client: RpcClient): void {
    if (this.#isClosed || this.#spare.length >= SPARE) void client.close();
    else this.#spare.push(client);
  }
}

function tooSlow(deadline: number): VirtError {
  return new VirtError("OPERATION_TIMEOUT", `the log daemon did not answer within ${deadline / 1000} s`, {
    domain: "LOGGING",
    hint: "the disk of the log may hang",
  });
}
