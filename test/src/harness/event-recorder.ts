import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { until } from "./processes.js";
import type { Virsh } from "./virsh.js";
import { withFiles } from "./with-peer.js";

/** Defined and undefined to learn whether events arrive yet. */
const PROBE = "event-probe";
/** What a guest of each kind boots. */
const bootXml = (type: string) => (type === "lxc" ? "<type>exe</type><init>/bin/sh</init>" : "<type>hvm</type>");
const probeXml = (type: string) =>
  `<domain type='${type}'><name>${PROBE}</name><memory>1024</memory><os>${bootXml(type)}</os></domain>`;

/** `virsh event --all --loop --timestamp`, and what it has printed since it was ready. */
export class EventRecorder {
  readonly #child: ChildProcess;
  #text = "";

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.#text += text;
    });
  }

  /** Starts virsh, and returns when events reach it. */
  static async start(virsh: Virsh, domainType: "test" | "qemu" | "bhyve" | "lxc"): Promise<EventRecorder> {
    // virsh fills its buffer before it writes to a pipe; stdbuf makes it write each line.
    const args = ["-oL", "virsh", "-c", virsh.uri, "event", "--all", "--loop", "--timestamp"];
    const recorder = new EventRecorder(spawn("stdbuf", args, { env: { ...process.env, LC_ALL: "C" } }));
    await until("virsh prints events", async () => {
      // In one connection, because the test driver forgets everything when its last connection closes.
      await withFiles({ probe: probeXml(domainType) }, ({ probe }) => virsh.run(`define ${probe}; undefine ${PROBE}`));
      return recorder.#text.includes(`'${PROBE}': Undefined`);
    });
    return recorder;
  }

  /** The events so far, in order, without their times: "event 'lifecycle' for domain 'x': Started Booted". */
  get events(): string[] {
    return this.#text
      .split("\n")
      .slice(0, -1)
      .filter((line) => line !== "" && !line.includes(`'${PROBE}'`))
      .map((line) => line.replace(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}\+0000: /, ""));
  }

  /** The events of one kind, shortened: "x: Started Booted". */
  of(kind: string): string[] {
    const start = `event '${kind}' for domain `;
    return this.events
      .filter((line) => line.startsWith(start))
      .map((line) =>
        line
          .slice(start.length)
          .replace(/^'([^']*)'/, "$1")
          .replace(/\n$/, ""),
      );
  }

  /** Waits until that many events of a kind have come. */
  async wait(kind: string, count: number, timeout = 120_000): Promise<string[]> {
    await until(`${count} events of kind ${kind}`, () => this.of(kind).length >= count, timeout).catch((error) => {
      throw new Error(`${(error as Error).message}; so far: ${this.events.join(" | ")}`);
    });
    return this.of(kind);
  }

  /** Waits until no event has come for a second. */
  async settle(): Promise<void> {
    let before: number;
    do {
      before = this.#text.length;
      await delay(1000);
    } while (this.#text.length > before);
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const exited = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await exited;
  }
}

/**
 * Events without those of which it is luck whether and how often they come. A destroyed guest's QEMU tells that it shuts down,
 * and the daemon may hear it or find the process gone; a guest's firmware may reset the machine once more after a reset.
 * In virsh's words, or in numbers as the bindings' scripts have it.
 */
export function certainEvents(lines: readonly string[]): string[] {
  const luck = /: Shutdown Finished after host request$|^event: guest ((lifecycle )?6 2|reboot)$/;
  return lines.filter((line) => !luck.test(line));
}
