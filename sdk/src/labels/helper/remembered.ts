import { lackedCapabilities } from "../../process/capabilities.js";
import { getAttribute, isUnsupported, removeAttribute, setAttribute } from "./syscalls.js";

/**
 * What a file was before guests used it, and how many do: on the file itself, in the three attributes that libvirt keeps.
 * `trusted.libvirt.security.MODEL` is the label before the first, `ref_MODEL` the count, `timestamp_MODEL` the second in
 * which the host was started: what was remembered before that is worth nothing.
 */
export interface Remembered {
  readonly label: string | undefined;
  readonly count: number;
}

const PREFIX = "trusted.libvirt.security.";
/** A host without a record of its start reckons it from its uptime, and may be a second off. */
const TOLERANCE = 2;

export class Memory {
  readonly #names: { readonly label: string; readonly count: string; readonly time: string };
  readonly #bootTime: number;
  /** Attributes of this kind are root's, and of root that has not lost the right in a container. */
  readonly #isAllowed = lackedCapabilities("SYS_ADMIN").length === 0;
  /** What another manager takes for the start of this host. */
  othersBootTime: number | undefined;

  constructor(model: string, bootTime: number) {
    this.#names = { label: PREFIX + model, count: `${PREFIX}ref_${model}`, time: `${PREFIX}timestamp_${model}` };
    this.#bootTime = bootTime;
  }

  /**
   * What is remembered of a file; `undefined` where nothing is, `"unsupported"` where nothing can be. What is left from
   * before the host's start is removed.
   */
  recall(path: string): Remembered | undefined | "unsupported" {
    const { label, count, time } = this.#names;
    if (!this.#isAllowed) return "unsupported";
    try {
      const text = getAttribute(path, count);
      if (text === undefined) return undefined;
      if (!this.#isOfThisBoot(getAttribute(path, time))) {
        this.forget(path);
        return undefined;
      }
      if (!/^\d{1,9}$/.test(text)) throw new Error(`malformed refcount ${text} on ${path}`);
      return { label: getAttribute(path, label), count: Number(text) };
    } catch (error) {
      if (isUnsupported(error)) return "unsupported";
      throw error;
    }
  }

  /** Keeps what a file is, for its first user. The count comes last: what has none is not remembered. */
  begin(path: string, label: string): void {
    setAttribute(path, this.#names.label, label);
    setAttribute(path, this.#names.time, String(this.#bootTime));
    this.count(path, 1);
  }

  count(path: string, users: number): void {
    setAttribute(path, this.#names.count, String(users));
  }

  forget(path: string): void {
    for (const name of [this.#names.count, this.#names.label, this.#names.time]) removeAttribute(path, name);
  }

  #isOfThisBoot(time: string | undefined): boolean {
    const seconds = Number(time ?? Number.NaN);
    if (!(Math.abs(seconds - this.#bootTime) <= TOLERANCE)) return false;
    if (seconds !== this.#bootTime) this.othersBootTime = seconds;
    return true;
  }
}
