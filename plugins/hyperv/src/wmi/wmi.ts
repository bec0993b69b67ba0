import { setTimeout as delay } from "node:timers/promises";
import { textOf, type XmlElement } from "@polyvisor/sdk/xml";
import { hypervError, ServerRefusal } from "../errors.js";
import type { WsmanClient } from "../wsman/client.js";
import type { Invocation } from "../wsman/envelope.js";
import { named, selectorIn } from "../wsman/reply.js";
import { Instance } from "./instance.js";
import { DONE, STARTED, wordsOf } from "./return-codes.js";
import { quoted, select } from "./wql.js";

/** The states of a job. */
const GOING_ON: ReadonlySet<number> = new Set([2, 3, 4, 5, 6]);
const COMPLETED = 7;
const FAILED: ReadonlySet<number> = new Set([8, 9, 10, 11]);

/** How often a job is asked about, in milliseconds: soon at first. */
const FIRST_POLL = 20;
const LAST_POLL = 500;

/** The server's objects: found by queries, changed by methods. */
export class Wmi {
  readonly #client: WsmanClient;
  readonly #jobPatience: number;

  /** `jobPatience` is how long the server may work on what it was told to do, in milliseconds. */
  constructor(client: WsmanClient, jobPatience: number) {
    this.#client = client;
    this.#jobPatience = jobPatience;
  }

  close(): void {
    this.#client.close();
  }

  /** The objects of a class that a query finds. */
  async query(className: string, query: string): Promise<readonly Instance[]> {
    const found = await this.#client.enumerate(className, query);
    return found.map((element) => Instance.read(className, element));
  }

  /** Calls a method and waits until its work is done. Throws what the server says of a failure. */
  async invoke(invocation: Invocation): Promise<XmlElement> {
    const output = await this.#client.invoke(invocation);
    const { method } = invocation;
    const written = named(output, "ReturnValue");
    const value = written === undefined ? Number.NaN : Number(textOf(written));
    if (!Number.isInteger(value)) {
      const detail = `Could not get return value for ${method} invocation`;
      throw hypervError("INTERNAL_ERROR", detail, "the server answered something else than was asked");
    }
    if (value === STARTED) await this.#finish(method, selectorIn(named(output, "Job"), "InstanceID"));
    else if (value !== DONE) {
      const detail = `Invocation of ${method} returned an error: ${wordsOf(value)} (${value})`;
      throw new ServerRefusal(detail, "the server's own log of Hyper-V-VMMS says more");
    }
    return output;
  }

  async #finish(method: string, id: string | undefined): Promise<void> {
    if (id === undefined) {
      throw hypervError(
        "INTERNAL_ERROR",
        `Could not lookup InstanceID for ${method} invocation`,
        "look at the machine",
      );
    }
    const end = performance.now() + this.#jobPatience;
    for (let pause = FIRST_POLL; performance.now() < end; pause = Math.min(pause * 2, LAST_POLL)) {
      const [job] = await this.query("Msvm_ConcreteJob", select("Msvm_ConcreteJob", `InstanceID = ${quoted(id)}`));
      if (job === undefined) {
        const detail = `Could not lookup Msvm_ConcreteJob for ${method} invocation`;
        throw hypervError("INTERNAL_ERROR", detail, "it may have ended all the same: look at the machine");
      }
      const state = job.number("JobState");
      if (state === COMPLETED) return;
      if (!GOING_ON.has(state)) throw failed(method, state, job);
      await delay(pause);
    }
    const detail = `Timeout waiting for ${method} invocation`;
    throw hypervError("OPERATION_TIMEOUT", detail, "the server goes on with it: job_timeout in hyperv.conf");
  }
}

function failed(method: string, state: number, job: Instance) {
  const is = FAILED.has(state) ? "error" : "unknown";
  const told = job.text("ErrorDescription") ?? "";
  const words = `Concrete job for ${method} invocation is in ${is} state${told === "" ? "" : `: ${told}`}`;
  return new ServerRefusal(words, "the server's own log of Hyper-V-VMMS says more");
}
