import { setTimeout as delay } from "node:timers/promises";
import { VirtError } from "@polyvisor/core";
import type { SanlockClient } from "./daemon-client.js";
import type { Deadlines } from "./deadlines.js";
import { BEING_MADE, makeLeaseFile } from "./lease-files.js";
import type { Settings } from "./settings.js";
import { type Reply, type Resource, readResourceFrame, versionIn, writeResourceFrame } from "./wire/frames.js";
import results from "./wire/results.cjs";

const { isUnformatted, RESULT, wordsOf } = results;
const RETRY_MS = 100;

/** The files of automatic leases. sanlock itself looks at them: it is sanlock that must be able to. */
export class LeasePlaces {
  readonly #client: SanlockClient;
  readonly #settings: Settings;
  readonly #deadlines: Deadlines;

  constructor(client: SanlockClient, settings: Settings, deadlines: Deadlines) {
    this.#client = client;
    this.#settings = settings;
    this.#deadlines = deadlines;
  }

  /** Makes those that are not there. Resolves with the versions of the leases, by path. */
  async ensure(resources: readonly Resource[]): Promise<ReadonlyMap<string, bigint>> {
    const all = resources.map(async (each) => [each.place.path, await this.#ensureOne(each)] as const);
    return new Map(await Promise.all(all));
  }

  async #ensureOne(resource: Resource): Promise<bigint> {
    let reply = await this.#read(resource);
    if (reply.result === RESULT.ENOENT) {
      await makeLeaseFile(resource.place.path, this.#settings, (temporary) => this.#format(resource, temporary));
      reply = await this.#read(resource);
    }
    const until = Date.now() + BEING_MADE;
    while (isUnformatted(reply.result) && Date.now() < until) {
      await delay(RETRY_MS);
      reply = await this.#read(resource);
    }
    if (reply.result < 0) throw unusable(resource, reply);
    return versionIn(reply);
  }

  #read(resource: Resource): Promise<Reply> {
    return this.#client.ask(readResourceFrame(resource), this.#deadlines.storage);
  }

  async #format(resource: Resource, temporary: string): Promise<void> {
    const place = { path: temporary, offset: 0n };
    const { result } = await this.#client.ask(writeResourceFrame({ ...resource, place }), this.#deadlines.storage);
    if (result >= 0) return;
    throw new VirtError("INTERNAL_ERROR", `Unable to initialize lease ${resource.place.path}: ${wordsOf(result)}`);
  }
}

function unusable({ place: { path } }: Resource, { result }: Reply): VirtError {
  return new VirtError("INTERNAL_ERROR", `Unable to read lease ${path}: ${wordsOf(result)}`, {
    hint: isUnformatted(result)
      ? "its making was interrupted: remove the file, it is made again"
      : "sanlock must be able to read and write the file, see user and group in lock-sanlock.conf",
  });
}
