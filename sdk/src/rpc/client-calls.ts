import type { Call, VirtError } from "@polyvisor/core";
import { isOf, type ProgramId } from "./client-body.js";
import { callAborted, protocolError } from "./client-errors.js";
import type { FlowGate } from "./client-flow.js";
import type { Frame } from "./frame.js";

/** A call that was sent and whose reply has not come. */
export interface PendingCall {
  readonly program: ProgramId;
  readonly entry: Call;
  readonly signal: AbortSignal | undefined;
  resolve(value: unknown): void;
  reject(error: VirtError): void;
  /** The caller waits no more. The reply comes all the same. */
  readonly givenUp: boolean;
}

interface Waiting extends PendingCall {
  givenUp: boolean;
  readonly abort: () => void;
}

/** The calls of one connection that wait for their replies, by serial. */
export class PendingCalls {
  readonly #calls = new Map<number, Waiting>();
  readonly #flow: FlowGate;

  constructor(flow: FlowGate) {
    this.#flow = flow;
  }

  has(serial: number): boolean {
    return this.#calls.has(serial);
  }

  add(serial: number, call: Omit<PendingCall, "givenUp">): void {
    const { signal } = call;
    const abort = () => {
      waiting.givenUp = true;
      this.#flow.settled();
      call.reject(callAborted(signal as AbortSignal));
    };
    const waiting: Waiting = { ...call, givenUp: false, abort };
    signal?.addEventListener("abort", abort, { once: true });
    this.#calls.set(serial, waiting);
    this.#flow.await();
  }

  /** The call that a reply is for, which waits no more. Throws where there is none. */
  take(frame: Frame): PendingCall {
    const call = this.#calls.get(frame.serial);
    if (call === undefined || !isOf(call.program, frame)) {
      const { program, version, serial } = frame;
      throw protocolError(`no call waiting for reply with prog ${program} vers ${version} serial ${serial}`);
    }
    this.#remove(frame.serial, call);
    return call;
  }

  rejectAll(reason: VirtError): void {
    for (const [serial, call] of this.#calls) {
      this.#remove(serial, call);
      call.reject(reason);
    }
  }

  #remove(serial: number, call: Waiting): void {
    this.#calls.delete(serial);
    call.signal?.removeEventListener("abort", call.abort);
    if (!call.givenUp) this.#flow.settled();
  }
}
