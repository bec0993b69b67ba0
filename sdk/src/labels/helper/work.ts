import type { LabelFailure, LabelItem, LabelReport, LabelRequest } from "../request.js";
import { failureOf, LabelError, systemFailure } from "./failure.js";
import { Journal, type JournalEntry } from "./journal.js";
import { LABEL_KINDS } from "./label-kinds.js";
import { closeFile, codeOf, LockWait, lockMetadata, type MetadataLock, type OpenedFile, openByName } from "./opened.js";
import { Memory } from "./remembered.js";

export type Outcome = Omit<Extract<LabelReport, { readonly done: true }>, "done">;

/** Tells where the work is: whoever waits for it learns which file hangs. */
export type Tell = (at: string, waits: boolean) => void;

const LOCK_HINT = "somebody else changes its labels, or hangs while doing so: `lslocks` names who has byte 1 of it";

/** Does what was asked for, with calls that may wait for file systems. */
export function work(request: LabelRequest, tell: Tell): Outcome {
  const worker = new Worker(request, tell);
  if (request.act === "set") return worker.set(request.items, request.turn);
  const wanted = request.paths === undefined ? undefined : new Set(request.paths);
  return worker.restore(
    ({ path, turn }) =>
      (wanted?.has(path) ?? true) &&
      (request.turn === undefined || request.turn === turn) &&
      !request.except.includes(path),
  );
}

interface Prepared {
  readonly item: LabelItem;
  readonly file: OpenedFile;
  readonly lock: MetadataLock;
}

class Worker {
  readonly #request: LabelRequest;
  readonly #tell: Tell;
  readonly #journal: Journal;
  readonly #memory: Memory;
  readonly #wait: LockWait;
  readonly #warnings: string[] = [];

  constructor(request: LabelRequest, tell: Tell) {
    this.#request = request;
    this.#tell = tell;
    this.#journal = new Journal(request.journal, request.bootTime);
    this.#memory = new Memory(request.model, request.bootTime);
    this.#wait = new LockWait(request.lockTime);
  }

  get #kind() {
    return LABEL_KINDS[this.#request.model];
  }

  #outcome(failures: readonly LabelFailure[]): Outcome {
    return { failures, warnings: this.#warnings, othersBootTime: this.#memory.othersBootTime };
  }

  /** All files are open before the first is locked, and all locks are held before the first is changed. */
  set(items: readonly LabelItem[], turn: string): Outcome {
    const opened: Prepared[] = [];
    const done: Prepared[] = [];
    try {
      for (const each of this.#openAll(items)) opened.push({ ...each, lock: FREE });
      this.#lockAll(opened);
      for (const each of opened) {
        this.#tell(each.item.path, false);
        const isNew = this.#journal.get(each.item.path) === undefined;
        if (isNew) done.push(each);
        this.#setOne(each, turn);
      }
      return this.#outcome([]);
    } catch (error) {
      for (const { item, file, lock } of done.reverse()) this.#undo(item.path, file, lock);
      return this.#outcome([failureOf(error)]);
    } finally {
      for (const { file, lock } of opened) {
        lock.unlock();
        closeFile(file);
      }
    }
  }

  /** In the order of their bytes, as every manager does it: so nobody waits for one who waits for him. */
  #openAll(items: readonly LabelItem[]): { readonly item: LabelItem; readonly file: OpenedFile }[] {
    const once = new Map(items.map((item) => [item.path, item] as const).reverse());
    const sorted = [...once.values()].sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
    const opened: { readonly item: LabelItem; readonly file: OpenedFile }[] = [];
    try {
      for (const item of sorted) {
        this.#tell(item.path, false);
        const file = open(item);
        if (file !== undefined) opened.push({ item, file });
      }
    } catch (error) {
      for (const { file } of opened) closeFile(file);
      throw error;
    }
    return opened;
  }

  /** Two names of one file share its lock. */
  #lockAll(prepared: Prepared[]): void {
    const locks = new Map<string, MetadataLock>();
    for (const [at, each] of prepared.entries()) {
      if (!each.item.remember) continue;
      const known = locks.get(each.file.identity);
      const lock = known === undefined ? this.#lock(each.file) : { isHeld: known.isHeld, unlock() {} };
      locks.set(each.file.identity, lock);
      prepared[at] = { ...each, lock };
    }
  }

  #lock(file: OpenedFile): MetadataLock {
    this.#tell(file.path, false);
    try {
      return lockMetadata(file, this.#wait, () => this.#tell(file.path, true));
    } catch (error) {
      if (codeOf(error) !== "EAGAIN") throw systemFailure(`unable to open ${file.path}`, error);
      throw systemFailure(`unable to lock ${file.path} for metadata change`, error, LOCK_HINT);
    }
  }

  #setOne({ item, file, lock }: Prepared, turn: string): void {
    const { path, label, shared } = item;
    const before = this.#kind.read(file);
    if (this.#journal.get(path) !== undefined) {
      this.#write(file, label, before);
      return;
    }
    const memory = lock.isHeld && before !== undefined ? this.#memory.recall(file.name) : "unsupported";
    const others = memory === "unsupported" ? null : (memory?.count ?? 0);
    const was = before ?? item.fallback ?? null;
    const stays = item.own || (shared && others === null);
    this.#journal.begin({ path, turn, identity: file.identity, label, was, others, stays });
    if (others !== null && before !== undefined) this.#remember(file, before, others);
    const isShared = others !== null && others > 0 && before !== label;
    if (!isShared || !this.#maySuffice(item, file)) this.#write(file, label, before);
    this.#journal.done(path);
  }

  #remember(file: OpenedFile, before: string, others: number): void {
    try {
      if (others === 0) this.#memory.begin(file.name, before);
      else this.#memory.count(file.name, others + 1);
    } catch (error) {
      throw systemFailure(`Unable to set XATTR trusted.libvirt.security.${this.#request.model} on ${file.path}`, error);
    }
  }

  /** A file that others use under another label: true where this guest can do with it as it is. */
  #maySuffice({ shared, path, label }: LabelItem, file: OpenedFile): boolean {
    if (shared) return this.#kind.mayRead(file, label);
    throw new LabelError({
      code: "OPERATION_INVALID",
      detail: this.#kind.inUse(path),
      hint: "another guest uses it under another label: stop that one, or give both the same label",
    });
  }

  #write(file: OpenedFile, label: string, before: string | undefined): void {
    if (before === label) return;
    try {
      this.#kind.write(file, label);
    } catch (error) {
      if (!this.#kind.isNoMatter(codeOf(error) ?? "")) throw systemFailure(this.#kind.refusal(file.path, label), error);
      this.#warnings.push(`the label of ${file.path} cannot be changed: ${codeOf(error)}`);
    }
  }

  /** What one file of a call that failed is put back to, while it is still locked. */
  #undo(path: string, file: OpenedFile, lock: MetadataLock): void {
    const entry = this.#journal.get(path);
    if (entry === undefined) return;
    try {
      this.#putBack(entry, file, lock.isHeld);
    } catch (error) {
      this.#warnings.push(`${path} cannot be put back: ${failureOf(error).detail}`);
    }
  }

  /** Each file by itself: what fails does not keep the others. */
  restore(isWanted: (entry: JournalEntry) => boolean): Outcome {
    const failures: LabelFailure[] = [];
    for (const entry of this.#journal.entries.filter(isWanted)) {
      try {
        this.#restoreOne(entry);
      } catch (error) {
        failures.push(failureOf(error));
      }
    }
    return this.#outcome(failures);
  }

  #restoreOne(entry: JournalEntry): void {
    const { path, stays, others, identity } = entry;
    this.#tell(path, false);
    const file = stays && others === null ? undefined : openIfThere(path);
    try {
      // Another file may have taken its place.
      if (file?.identity === identity) this.#putBackLocked(entry, file);
      else this.#journal.gone(path);
    } finally {
      if (file !== undefined) closeFile(file);
    }
  }

  #putBackLocked(entry: JournalEntry, file: OpenedFile): void {
    const lock = entry.others === null ? FREE : this.#lock(file);
    try {
      this.#putBack(entry, file, lock.isHeld);
    } finally {
      lock.unlock();
    }
  }

  #putBack(entry: JournalEntry, file: OpenedFile, isLocked: boolean): void {
    const { path, others } = entry;
    if (others === null || !isLocked) this.#putBackUnremembered(entry, file);
    else this.#takeOff(entry, others, file);
    this.#journal.gone(path);
  }

  /** The last user of a file puts it back first, and only then lets it be forgotten. */
  #takeOff(entry: JournalEntry, others: number, file: OpenedFile): void {
    const memory = this.#memory.recall(file.name);
    const { count, label } = memory === undefined || memory === "unsupported" ? { count: 0, label: undefined } : memory;
    if (!isCounted(entry, others, count)) {
      if (count === 0) this.#memory.forget(file.name);
    } else if (count === 0) {
      this.#putBackUnremembered(entry, file);
    } else {
      this.#journal.leaving(entry.path, count);
      if (count > 1) this.#memory.count(file.name, count - 1);
      else this.#putBackLast(file, label ?? entry.was);
    }
  }

  #putBackLast(file: OpenedFile, label: string | null): void {
    if (label !== null) this.#write(file, label, this.#kind.read(file));
    this.#memory.forget(file.name);
  }

  /** Only what this guest has changed, and nobody else since. */
  #putBackUnremembered({ label, was, stays }: JournalEntry, file: OpenedFile): void {
    const now = this.#kind.read(file);
    if (!stays && was !== null && now === label) this.#write(file, was, now);
  }
}

const FREE: MetadataLock = { isHeld: false, unlock() {} };

/** Whether a guest's use is in the count: one who was killed in the midst of a change may not have got so far. */
function isCounted({ isDone, leaving }: JournalEntry, others: number, count: number): boolean {
  if (leaving !== undefined) return count >= leaving;
  return isDone === true || count > others;
}

function open({ path, own, optional }: LabelItem): OpenedFile | undefined {
  try {
    return openByName(path, { follow: !own });
  } catch (error) {
    if (optional && ["ENOENT", "ENOTDIR"].includes(codeOf(error) ?? "")) return undefined;
    throw systemFailure(`unable to stat: ${path}`, error);
  }
}

function openIfThere(path: string): OpenedFile | undefined {
  try {
    return openByName(path, { follow: true });
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "ELOOP"].includes(codeOf(error) ?? "")) return undefined;
    throw systemFailure(`unable to stat: ${path}`, error);
  }
}
