import { readProcessStat } from "@polyvisor/sdk/process";

export interface HealthTerms {
  /** So many seconds of processor time a process may use, and six times as many may pass, without an answer to a ping. */
  readonly deadline: number;
  /** MiB that may be resident. */
  readonly memory: number;
}

export interface Watched {
  readonly pid: number;
  /** Resolves with the process's answer. */
  ping(): Promise<unknown>;
  kill(why: string): void;
}

/** How often a process is looked at, in milliseconds. */
const LOOK_MS = 500;

/** One that hangs without using its processor time is given up after this much more. */
const PATIENCE = 6;

/** It has work to do, and waits for nothing but the processor, on a machine that is busy. */
const RUNNABLE = "R";

const KIB_PER_MIB = 1024;
const NS_PER_S = 1e9;

/** What a look at a process that has not answered yet found. Times are in seconds. */
export interface Silence {
  readonly processor: number;
  /** While it waited for something else than the processor. */
  readonly clock: number;
}

/** Why a process has to end that has been silent for so long; `undefined` where it may still answer. */
export function verdictOn({ processor, clock }: Silence, deadline: number): string | undefined {
  if (processor > deadline)
    return `it used ${processor.toFixed(1)} s of processor time and answered nothing: an endless loop`;
  if (clock > PATIENCE * deadline) return `it answered nothing for ${clock.toFixed(0)} s`;
  return undefined;
}

/** Looks after a process until `stop`: one that no longer answers, or takes too much memory, is killed. */
export class HealthWatch {
  readonly #watched: Watched;
  readonly #terms: HealthTerms;
  readonly #timer: NodeJS.Timeout;
  /** A ping that is not answered yet: what the process had used by then, and how often it was looked at since. */
  #silent: { readonly used: number; looks: number } | undefined;

  constructor(watched: Watched, terms: HealthTerms) {
    this.#watched = watched;
    this.#terms = terms;
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Time on the clock is counted in looks: while this process itself hangs, nobody is silent. */
  #look(): void {
    const stat = readProcessStat(this.#watched.pid);
    if (stat === undefined) return;
    const used = Number(stat.userTime + stat.systemTime) / NS_PER_S;
    const mib = Number(stat.rss) / KIB_PER_MIB;
    if (mib > this.#terms.memory)
      this.#watched.kill(`it took ${mib.toFixed(0)} MiB, more than its ${this.#terms.memory}`);
    else if (this.#silent === undefined) this.#ask(used);
    else {
      if (stat.state !== RUNNABLE) this.#silent.looks++;
      const clock = (this.#silent.looks * LOOK_MS) / 1000;
      const verdict = verdictOn({ processor: used - this.#silent.used, clock }, this.#terms.deadline);
      if (verdict !== undefined) this.#watched.kill(verdict);
    }
  }

  #ask(used: number): void {
    const silent = { used, looks: 0 };
    this.#silent = silent;
    const answered = () => {
      if (this.#silent === silent) this.#silent = undefined;
    };
    this.#watched.ping().then(answered, answered);
  }
}
