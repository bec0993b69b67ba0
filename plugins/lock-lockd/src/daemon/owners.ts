import { bootId, NativeError, ProcessHandle } from "@polyvisor/sdk/process";

/** A process that ends closes its connections a moment before, in milliseconds; all that time it keeps its locks. */
const ENDING_MS = 200;

/** How long a process has that is asked to end, before it is killed, in milliseconds: as much as libvirt's daemon gives. */
const GRACE_MS = 1600;

/** The processes that hold locks: each is watched for its end, and none is taken for another that got its pid. */
export class Owners {
  readonly #handles = new Map<string, ProcessHandle>();
  readonly #ended: (pid: number, startTime: string) => void;

  constructor(ended: (pid: number, startTime: string) => void) {
    this.#ended = ended;
  }

  /** When a process started, in clock ticks since the boot; `null` where there is none. */
  startTimeOf(pid: number): string | null {
    if (pid <= 0) return null;
    try {
      const handle = ProcessHandle.open(pid);
      const startTime = String(handle.identity.startTime);
      if (handle.hasEnded) {
        handle.close();
        return null;
      }
      this.#add(startTime, handle);
      return startTime;
    } catch (error) {
      if (error instanceof NativeError) return null;
      throw error;
    }
  }

  /** Watches a process that is known from before; false where it has ended. */
  watch(pid: number, startTime: string): boolean {
    if (this.#handles.has(keyOf(pid, startTime))) return true;
    const handle = ProcessHandle.find({ pid, startTime: BigInt(startTime), bootId: bootId() });
    if (handle === undefined) return false;
    this.#add(startTime, handle);
    return true;
  }

  /**
   * Ends a process that must not go on: it wrote where its locks let it, and they hang on a connection that it has closed.
   * `ends` is called where it does not end by itself.
   */
  end(pid: number, startTime: string, ends: () => void): void {
    const handle = this.#handles.get(keyOf(pid, startTime));
    if (handle === undefined) return;
    const timers = [
      setTimeout(() => {
        ends();
        handle.kill("SIGTERM");
      }, ENDING_MS),
      setTimeout(() => handle.kill("SIGKILL"), ENDING_MS + GRACE_MS),
    ];
    for (const timer of timers) timer.unref();
    void handle.ended.then(() => timers.forEach(clearTimeout));
  }

  #add(startTime: string, handle: ProcessHandle): void {
    const key = keyOf(handle.pid, startTime);
    if (this.#handles.has(key)) {
      handle.close();
      return;
    }
    this.#handles.set(key, handle);
    void handle.ended.then(() => {
      this.#handles.delete(key);
      this.#ended(handle.pid, startTime);
    });
  }
}

function keyOf(pid: number, startTime: string): string {
  return `${pid} ${startTime}`;
}
