import type { Duplex } from "node:stream";
import type { VirtError } from "@polyvisor/core";
import { xenError } from "../errors.js";
import { encodeXs, readXsWords, XS, XsDecoder, type XsMessage, xsWords } from "./codec.js";

interface Pending {
  readonly resolve: (body: Buffer) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/** An answer of xenstored's that says no: `ENOENT` and its kin. */
export class XsError extends Error {}

/** A client of xenstored's socket. A request that is not answered in time ends the connection. */
export class Xenstore {
  /** Resolves, with the reason, when the connection has ended. */
  readonly lost: Promise<VirtError>;
  readonly #stream: Duplex;
  readonly #deadline: number;
  readonly #pending = new Map<number, Pending>();
  readonly #watches = new Map<string, (path: string) => void>();
  #lastId = 0;
  #end: (reason: string) => void = () => {};

  /** `deadline` is in milliseconds. */
  constructor(stream: Duplex, deadline: number) {
    this.#stream = stream;
    this.#deadline = deadline;
    const decoder = new XsDecoder();
    this.lost = new Promise((resolve) => {
      this.#end = (reason) => {
        const error = xenError("NO_XENSTORE", reason, "is xenstored running in dom0, and socat or nc installed there?");
        resolve(error);
        for (const { reject, timer } of this.#pending.values()) {
          clearTimeout(timer);
          reject(error);
        }
        this.#pending.clear();
        stream.destroy();
      };
    });
    stream.on("data", (chunk: Buffer) => {
      try {
        for (const message of decoder.feed(chunk)) this.#take(message);
      } catch (error) {
        this.#end((error as Error).message);
      }
    });
    stream.once("end", () => this.#end("the connection ended"));
    stream.once("close", () => this.#end("the connection ended"));
    stream.on("error", (error) => this.#end(error.message));
  }

  /** What is at a path; `undefined` where nothing is. */
  async read(path: string): Promise<string | undefined> {
    try {
      return (await this.#request(XS.READ, xsWords(path))).toString();
    } catch (error) {
      if (error instanceof XsError) return undefined;
      throw error;
    }
  }

  /** The names below a path; none where nothing is. */
  async directory(path: string): Promise<string[]> {
    try {
      return readXsWords(await this.#request(XS.DIRECTORY, xsWords(path)));
    } catch (error) {
      if (error instanceof XsError) return [];
      throw error;
    }
  }

  /** Calls back once now, and whenever something at or below the path changes. */
  async watch(path: string, changed: (path: string) => void): Promise<void> {
    this.#watches.set(path, changed);
    await this.#request(XS.WATCH, xsWords(path, path));
  }

  async unwatch(path: string): Promise<void> {
    if (!this.#watches.delete(path)) return;
    await this.#request(XS.UNWATCH, xsWords(path, path));
  }

  close(): void {
    this.#end("the connection was closed");
  }

  #request(type: number, body: Buffer): Promise<Buffer> {
    if (this.#stream.destroyed) return Promise.reject(xenError("NO_XENSTORE", "the connection ended"));
    this.#lastId = (this.#lastId + 1) >>> 0;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      const late = () => this.#end(`no answer within ${this.#deadline / 1000} s`);
      this.#pending.set(id, { resolve, reject, timer: setTimeout(late, this.#deadline) });
      this.#stream.write(encodeXs({ type, id, body }));
    });
  }

  #take({ type, id, body }: XsMessage): void {
    if (type === XS.WATCH_EVENT) {
      const [path = "", token = ""] = readXsWords(body);
      this.#watches.get(token)?.(path);
      return;
    }
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    this.#pending.delete(id);
    clearTimeout(pending.timer);
    if (type === XS.ERROR) pending.reject(new XsError(readXsWords(body)[0] ?? "unknown"));
    else pending.resolve(body);
  }
}
