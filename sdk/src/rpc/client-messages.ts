import type { xdr } from "@polyvisor/core";
import { decodeBody, type ProgramId } from "./client-body.js";
import type { Frame } from "./frame.js";

/** A message that the daemon sends unasked: an event. */
export interface MessageSpec<Body> {
  readonly number: number;
  readonly body: xdr.Codec<Body, never>;
}

interface Entry {
  readonly codec: xdr.Codec<unknown, never>;
  readonly listeners: Set<(body: unknown) => void>;
}

/** Who wants which messages. */
export class MessageListeners {
  readonly #entries = new Map<string, Entry>();

  /** Returns what ends it. */
  add<Body>(program: ProgramId, message: MessageSpec<Body>, listener: (body: Body) => void): () => void {
    const key = keyOf(program.number, program.version, message.number);
    const entry: Entry = this.#entries.get(key) ?? { codec: message.body, listeners: new Set() };
    this.#entries.set(key, entry);
    const listed = (body: unknown) => listener(body as Body);
    entry.listeners.add(listed);
    return () => void entry.listeners.delete(listed);
  }

  /** Messages that nobody wants are skipped. What a listener throws is not the connection's fault, so it goes past it. */
  dispatch(frame: Frame, reader: xdr.XdrReader): void {
    const entry = this.#entries.get(keyOf(frame.program, frame.version, frame.procedure));
    if (entry === undefined || entry.listeners.size === 0) return;
    const body = decodeBody(entry.codec, reader, frame);
    for (const listener of entry.listeners) {
      try {
        listener(body);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  clear(): void {
    this.#entries.clear();
  }
}

function keyOf(program: number, version: number, procedure: number): string {
  return `${program}.${version}.${procedure}`;
}
