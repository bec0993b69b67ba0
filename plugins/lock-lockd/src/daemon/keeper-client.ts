import { spawn } from "node:child_process";
import { unlink } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type ClientOf, Descriptor, type Log } from "@polyvisor/core";
import { closeDescriptor, duplicate, listenUnix } from "@polyvisor/sdk/process";
import { RpcClient, stubsOf } from "@polyvisor/sdk/rpc";
import { keeperProgram } from "./keeper-api.js";

type KeeperCalls = ClientOf<typeof keeperProgram.calls>;

/** What is kept under a key. */
export interface KeptEntry {
  readonly record: string;
  /** The daemon's own copy of the open file, where it is one. */
  readonly descriptor: Descriptor | undefined;
}

/** What is kept, in words that outlive the program, with the numbers of the open files. */
export type SavedEntries = readonly { readonly key: string; readonly record: string; readonly fd: number | null }[];

/** How long the daemon waits before it starts a keeper again that ended, in milliseconds. */
const AGAIN_MS = 100;

/**
 * The daemon's keeper. Both have what is kept: where one of them dies, the other still has it. A keeper that is lost is
 * replaced, and gets everything again.
 */
export class KeeperClient {
  readonly #socket: string;
  readonly #log: Log;
  readonly #entries = new Map<string, KeptEntry>();
  #client: RpcClient;
  #calls: KeeperCalls;
  #closing = false;
  /** Settles when the keeper of now has everything. */
  #complete: Promise<void> = Promise.resolve();

  private constructor(socket: string, log: Log, client: RpcClient) {
    this.#socket = socket;
    this.#log = log;
    this.#client = client;
    this.#calls = stubsOf(client, keeperProgram);
    this.#watch();
  }

  /**
   * Finds the keeper that a daemon before this has left, with what it keeps; else starts one. With what the program before
   * in this process has left, that counts: the keeper may have died in that very moment.
   */
  static async open(socket: string, log: Log, saved?: SavedEntries): Promise<KeeperClient> {
    const found = await RpcClient.connect(socket).catch(() => undefined);
    const keeper = new KeeperClient(socket, log, found ?? (await start(socket)));
    if (saved !== undefined) await keeper.#goOn(saved);
    else
      await keeper.#recover().catch((error: unknown) => {
        // It was about to end, since it kept nothing.
        log.debug({ err: error }, "the keeper that was there is gone");
      });
    return keeper;
  }

  /** What `open` takes. */
  save(): SavedEntries {
    return [...this.#entries].map(([key, { record, descriptor }]) => ({ key, record, fd: descriptor?.fd ?? null }));
  }

  get entries(): ReadonlyMap<string, KeptEntry> {
    return this.#entries;
  }

  /** The descriptor is the keeper's from now on. Resolves when a copy is safe. */
  keep(key: string, record: string, descriptor: Descriptor): Promise<void> {
    this.#entries.set(key, { record, descriptor });
    return this.#safe((calls) => calls.keep({ key, record, descriptors: [duplicate(descriptor.fd)] }));
  }

  note(key: string, record: string): Promise<void> {
    this.#entries.set(key, { record, descriptor: this.#entries.get(key)?.descriptor });
    return this.#safe((calls) => calls.note({ key, record }));
  }

  /** Forgets a key; its descriptor is the caller's again, and the last one. */
  async drop(key: string): Promise<Descriptor | undefined> {
    const entry = this.#entries.get(key);
    this.#entries.delete(key);
    await this.#safe((calls) => calls.drop({ key }));
    return entry?.descriptor;
  }

  /** Resolves when the keeper has everything: only then may this program end. */
  async complete(): Promise<void> {
    for (let awaited: Promise<void> | undefined; awaited !== this.#complete; ) {
      awaited = this.#complete;
      await awaited;
    }
  }

  /** The keeper stays as long as it keeps something. */
  async close(): Promise<void> {
    this.#closing = true;
    await this.#client.close();
  }

  /** A keeper that dies meanwhile is replaced, and the next gets all that is in `entries` by then. */
  async #safe(work: (calls: KeeperCalls) => Promise<void>): Promise<void> {
    await work(this.#calls).catch((error: unknown) => {
      if (!this.#closing) this.#log.warn({ err: error }, "the keeper did not answer");
    });
  }

  async #recover(): Promise<void> {
    for (const { key, record } of await this.#calls.list({})) {
      const descriptor = isOfFile(record) ? await this.#calls.give({ key }) : undefined;
      this.#entries.set(key, { record, descriptor });
    }
  }

  /** All own copies are there at once; then the keeper gets what it may lack. */
  async #goOn(saved: SavedEntries): Promise<void> {
    for (const { key, record, fd } of saved)
      this.#entries.set(key, { record, descriptor: fd === null ? undefined : new Descriptor(fd) });
    await this.#giveAll();
  }

  async #giveAll(): Promise<void> {
    for (const [key, { record, descriptor }] of this.#entries)
      await (descriptor === undefined ? this.note(key, record) : this.keep(key, record, descriptor));
  }

  #watch(): void {
    void this.#client.closed.then(() => {
      this.#complete = this.#replace();
    });
  }

  async #replace(): Promise<void> {
    if (this.#closing) return;
    this.#log.warn({}, "the keeper is gone: another takes its place");
    try {
      this.#client = await start(this.#socket);
      this.#calls = stubsOf(this.#client, keeperProgram);
      this.#watch();
      await this.#giveAll();
    } catch (error) {
      this.#log.error({ err: error }, "no keeper can be started");
      await delay(AGAIN_MS);
      await this.#replace();
    }
  }
}

function isOfFile(record: string): boolean {
  return "path" in (JSON.parse(record) as object);
}

/** It gets a session of its own, so that nothing that ends the daemon ends it. */
async function start(socket: string): Promise<RpcClient> {
  await unlink(socket).catch(() => {});
  const mask = process.umask(0o077);
  const listener = listenUnix(socket, 16);
  process.umask(mask);
  const program = fileURLToPath(new URL("keeper.js", import.meta.url));
  const stdio = ["ignore", "ignore", "ignore", listener] as const;
  const child = spawn(process.execPath, [program, socket], { cwd: "/", detached: true, stdio: [...stdio] });
  child.on("error", () => {});
  child.unref();
  closeDescriptor(listener);
  return RpcClient.connect(socket);
}
