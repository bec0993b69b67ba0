import { join } from "node:path";
import type { Descriptor, Log } from "@polyvisor/core";
import { isLocked, isNotLocked, isNotOwner, lockspaceExists, noLockspace, ownerEnded } from "./errors.js";
import { KeeperClient, type SavedEntries } from "./keeper-client.js";
import { AFTERWARDS } from "./opener-api.js";
import { OpenerPool } from "./opener-pool.js";
import { Owners } from "./owners.js";
import { type Holder, isSameHolder, type LockRecord, SPACES_KEY, type SpacesRecord } from "./record.js";

/** How a resource is locked: bits, with libvirt's values. `METADATA` was in libvirt for a while, and is a lock of its own. */
export const LOCK_FLAG = { SHARED: 1, AUTOCREATE: 2, METADATA: 4 } as const;

/**
 * Which byte of a file says who uses its content, and which who changes what is known of it. Byte 1 is locked by whoever
 * changes labels himself, as libvirt does by now: he may have asked for this lock before.
 */
const BYTE = { CONTENT: 0, METADATA: 2 } as const;

/** A resource as a call names it. The default lockspace has an empty path, and its resources are files by their paths. */
export interface ResourceName {
  readonly space: string;
  readonly name: string;
  readonly flags: number;
}

/** All locks of a daemon: each is a lock of a byte of an open file, which the keeper has, too. */
export class LockTable {
  readonly #log: Log;
  readonly #keeper: KeeperClient;
  readonly #opener: OpenerPool;
  readonly #owners: Owners;
  readonly #spaces: Set<string>;
  readonly #locks = new Map<string, LockRecord>();
  /** Locks whose owners may not know that they have them: the answer may have been lost with the daemon before. */
  readonly #unconfirmed = new Set<string>();
  /** What is under way with each resource: one thing after the other. */
  readonly #turns = new Map<string, Promise<unknown>>();

  private constructor(keeper: KeeperClient, log: Log) {
    this.#keeper = keeper;
    this.#log = log;
    this.#opener = new OpenerPool(log);
    this.#owners = new Owners((pid, startTime) =>
      this.#freeAll((one) => one.pid === pid && one.startTime === startTime),
    );
    const spaces = keeper.entries.get(SPACES_KEY);
    this.#spaces = new Set(spaces === undefined ? [] : (JSON.parse(spaces.record) as SpacesRecord).spaces);
  }

  /**
   * With what a daemon before this one held, whatever became of that; with `saved`, which the program before in this process
   * has left, connections are kept, and what is theirs, too.
   *
   * @param socket where the keeper listens
   */
  static async open(socket: string, log: Log, saved?: SavedEntries): Promise<LockTable> {
    const table = new LockTable(await KeeperClient.open(socket, log, saved), log);
    table.#recover(saved !== undefined);
    return table;
  }

  /** What `open` takes: called when all is settled. */
  save(): SavedEntries {
    return this.#keeper.save();
  }

  get owners(): Owners {
    return this.#owners;
  }

  /** Locks that are held or under way. */
  get isBusy(): boolean {
    return this.#locks.size > 0 || this.#turns.size > 0;
  }

  /** Resolves when nothing is under way, and the keeper has everything. */
  async settled(): Promise<void> {
    while (this.#turns.size > 0) await Promise.allSettled(this.#turns.values());
    await this.#keeper.complete();
    if (this.#turns.size > 0) await this.settled();
  }

  /** Nothing is under way from here on, until `resume`: the program is about to be replaced. */
  async hold(): Promise<void> {
    await this.settled();
    await this.#opener.rest();
    await this.settled();
  }

  resume(): void {
    this.#opener.wake();
  }

  hasSpace(path: string): boolean {
    return path === "" || this.#spaces.has(path);
  }

  /** Does nothing where it is there; with `isNew` that is an error. */
  async createSpace(path: string, isNew: boolean): Promise<void> {
    if (this.hasSpace(path)) {
      if (isNew) throw lockspaceExists(path);
      return;
    }
    await this.#opener.do(path, (calls) => calls.makeFolder({ path }));
    this.#spaces.add(path);
    await this.#keeper.note(SPACES_KEY, JSON.stringify({ spaces: [...this.#spaces] } satisfies SpacesRecord));
  }

  createResource({ space, name }: ResourceName): Promise<void> {
    return this.#unlocked(space, name, (path) => this.#opener.do(path, (calls) => calls.createFile({ path })));
  }

  deleteResource({ space, name }: ResourceName): Promise<void> {
    return this.#unlocked(space, name, (path) => this.#opener.do(path, (calls) => calls.removeFile({ path })));
  }

  /** `isGone` is asked when the lock has been had: whoever wanted it may have left meanwhile. */
  async acquire(resource: ResourceName, holder: Holder, isGone: () => boolean): Promise<void> {
    const { space, name, flags } = resource;
    const path = this.#pathOf(space, name);
    const key = keyOf(space, name, flags);
    await this.#inTurn(key, async () => {
      if (this.#hasEnded(holder)) throw ownerEnded(holder.pid);
      const held = this.#locks.get(key);
      const isSame = held !== undefined && ((held.flags ^ flags) & LOCK_FLAG.SHARED) === 0;
      if (isSame && this.#unconfirmed.delete(claimOf(key, holder))) return;
      if (held === undefined) await this.#take(key, { ...resource, path, holders: [holder] });
      else if ((held.flags & flags & LOCK_FLAG.SHARED) !== 0)
        await this.#change(key, { ...held, holders: [...held.holders, holder] });
      else throw isLocked(name);
      // The end of a process may have been told while its lock was not in the table yet.
      if (!isGone() && !this.#hasEnded(holder)) return;
      await this.#without(key, (one) => isSameHolder(one, holder));
      throw ownerEnded(holder.pid);
    });
  }

  release({ space, name, flags }: ResourceName, pid: number): Promise<void> {
    const key = keyOf(space, name, flags);
    if (!this.hasSpace(space)) throw noLockspace(space);
    return this.#inTurn(key, async () => {
      const held = this.#locks.get(key);
      if (held === undefined) throw isNotLocked(name);
      const index = held.holders.findIndex((holder) => holder.pid === pid);
      if (index < 0) throw isNotOwner(pid);
      this.#unconfirmed.delete(claimOf(key, held.holders[index] as Holder));
      await this.#keepHolders(key, held, held.holders.toSpliced(index, 1));
    });
  }

  /** Frees what is a connection's own. */
  freeOfConnection(connection: number): void {
    this.#freeAll((holder) => holder.startTime === null && holder.connection === connection);
  }

  holds(pid: number, startTime: string): boolean {
    const all = [...this.#locks.values()];
    return all.some(({ holders }) => holders.some((one) => one.pid === pid && one.startTime === startTime));
  }

  /** The locks stay with the keeper. */
  async close(): Promise<void> {
    await this.settled();
    if (this.#locks.size === 0) await this.#keeper.drop(SPACES_KEY);
    this.#opener.close();
    await this.#keeper.close();
  }

  #recover(keepsConnections: boolean): void {
    for (const [key, { record, descriptor }] of this.#keeper.entries) {
      if (descriptor === undefined) continue;
      const lock = JSON.parse(record) as LockRecord;
      this.#locks.set(key, lock);
      const isLost = ({ pid, startTime }: Holder) =>
        startTime === null ? !keepsConnections : !this.#owners.watch(pid, startTime);
      if (!keepsConnections) for (const holder of lock.holders) this.#unconfirmed.add(claimOf(key, holder));
      void this.#inTurn(key, () => this.#without(key, isLost)).catch((error: unknown) => this.#cannotFree(key, error));
    }
    if (this.#locks.size > 0) this.#log.warn({ locks: this.#locks.size }, "locks of the daemon before are held on");
  }

  #pathOf(space: string, name: string): string {
    if (!this.hasSpace(space)) throw noLockspace(space);
    return space === "" ? name : join(space, name);
  }

  async #unlocked(space: string, name: string, work: (path: string) => Promise<void>): Promise<void> {
    const path = this.#pathOf(space, name);
    const key = keyOf(space, name, 0);
    await this.#inTurn(key, () => {
      if (this.#locks.has(key)) throw isLocked(name);
      return work(path);
    });
  }

  async #take(key: string, lock: LockRecord): Promise<void> {
    const { path, name, flags } = lock;
    const descriptor = await this.#opener.do(path, (calls) =>
      calls.take({
        path,
        name,
        byte: byteOf(flags),
        shared: flags & LOCK_FLAG.SHARED,
        create: flags & LOCK_FLAG.AUTOCREATE,
      }),
    );
    this.#locks.set(key, lock);
    await this.#keeper.keep(key, JSON.stringify(lock), descriptor);
  }

  #change(key: string, lock: LockRecord): Promise<void> {
    this.#locks.set(key, lock);
    return this.#keeper.note(key, JSON.stringify(lock));
  }

  #freeAll(isLost: (holder: Holder) => boolean): void {
    const lost = [...this.#locks].filter(([, { holders }]) => holders.some(isLost));
    for (const [key] of lost)
      void this.#inTurn(key, () => this.#without(key, isLost)).catch((error: unknown) => this.#cannotFree(key, error));
  }

  async #without(key: string, isLost: (holder: Holder) => boolean): Promise<void> {
    const held = this.#locks.get(key);
    if (held === undefined || !held.holders.some(isLost)) return;
    await this.#keepHolders(
      key,
      held,
      held.holders.filter((holder) => !isLost(holder)),
    );
  }

  async #keepHolders(key: string, held: LockRecord, holders: readonly Holder[]): Promise<void> {
    if (holders.length > 0) return this.#change(key, { ...held, holders });
    this.#locks.delete(key);
    const descriptor = await this.#keeper.drop(key);
    if (descriptor !== undefined) await this.#free(held, descriptor);
  }

  async #free({ path, flags }: LockRecord, descriptor: Descriptor): Promise<void> {
    const byte = byteOf(flags);
    await this.#opener.do(path, (calls) =>
      calls.free({ path, byte, afterwards: afterwardsOf(flags), descriptors: [descriptor] }),
    );
  }

  #hasEnded({ pid, startTime }: Holder): boolean {
    return startTime !== null && !this.#owners.watch(pid, startTime);
  }

  #cannotFree(key: string, error: unknown): void {
    this.#log.error({ err: error, key }, "a lock could not be given up in an orderly way: its file is closed");
  }

  #inTurn<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(key) ?? Promise.resolve();
    const turn = before.then(work, work);
    this.#turns.set(key, turn);
    const over = () => {
      if (this.#turns.get(key) === turn) this.#turns.delete(key);
    };
    turn.then(over, over);
    return turn;
  }
}

/** A resource has two locks, one for its content and one for what is known of it. */
function keyOf(space: string, name: string, flags: number): string {
  return JSON.stringify([space, name, byteOf(flags)]);
}

/** One owner's part in a lock. */
function claimOf(key: string, { pid, startTime }: Holder): string {
  return `${key} ${pid} ${startTime}`;
}

function byteOf(flags: number): number {
  return (flags & LOCK_FLAG.METADATA) === 0 ? BYTE.CONTENT : BYTE.METADATA;
}

function afterwardsOf(flags: number): number {
  if ((flags & LOCK_FLAG.AUTOCREATE) === 0) return AFTERWARDS.STAYS;
  return (flags & LOCK_FLAG.SHARED) === 0 ? AFTERWARDS.GOES : AFTERWARDS.GOES_IF_UNUSED;
}
