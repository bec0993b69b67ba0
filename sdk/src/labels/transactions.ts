import { randomUUID } from "node:crypto";
import { access } from "node:fs/promises";
import { join } from "node:path";
import { type HostServices, type Log, VirtError } from "@polyvisor/core";
import { makeFolders } from "../store/make-folders.js";
import { bootTime } from "./boot-time.js";
import { HelperPool } from "./helper-pool.js";
import type { HelperOutcome, Patience } from "./helper-process.js";
import { withMetadataLock } from "./metadata-lock.js";
import type { LabelItem, LabelModel, LabelRequest } from "./request.js";

export interface LabelTransactionsOptions {
  readonly model: LabelModel;
  /** Where it is kept what guests have; goes with this boot of the host. */
  readonly folder: string;
  readonly log: Log;
  /** Who may know a lock manager that has locks for labels. */
  readonly services?: HostServices | undefined;
  /** In milliseconds. */
  readonly limits?: Partial<LabelLimits> | undefined;
}

export interface LabelLimits {
  /** How long all locks of one call may be waited for. */
  readonly lock: number;
  /** How long one file may take. */
  readonly file: number;
}

const LIMITS: LabelLimits = { lock: 60_000, file: 20_000 };

/** One request of those that a helper is asked, without what is the same for all. */
type Wish = Omit<Extract<LabelRequest, { act: "set" }>, "model" | "journal" | "bootTime" | "lockTime">;
type Undoing = Omit<Extract<LabelRequest, { act: "restore" }>, "model" | "journal" | "bootTime" | "lockTime">;

/**
 * Labels files for guests and puts them back, in processes that may hang. What a file was before is kept on the file
 * itself in libvirt's format, and what each guest has in a file of ours, so that another process of ours goes on where one
 * was killed.
 */
export class LabelTransactions {
  readonly #options: LabelTransactionsOptions;
  readonly #limits: LabelLimits;
  readonly #helpers = new HelperPool();
  /** The last call for each guest: they go one by one. */
  readonly #turns = new Map<string, Promise<unknown>>();
  #bootTime: Promise<number> | undefined;

  constructor(options: LabelTransactionsOptions) {
    this.#options = options;
    this.#limits = { ...LIMITS, ...options.limits };
  }

  /** A call comes soon: its helper, which takes its time to begin, may as well begin now. */
  warmUp(): void {
    this.#helpers.warmUp();
  }

  /**
   * Labels all of it or nothing. Fails in libvirt's words: `SYSTEM_ERROR` where the system refuses or a lock cannot be had,
   * `OPERATION_INVALID` where another guest uses a file with another label, `OPERATION_TIMEOUT` where a file hangs.
   */
  set(guest: string, items: readonly LabelItem[]): Promise<void> {
    return this.#inTurn(guest, async () => {
      const turn = randomUUID();
      const paths = items.flatMap(({ path, remember, optional }) => (remember && !optional ? path : []));
      await withMetadataLock(this.#options, paths, "must", this.#limits.lock, async () => {
        const outcome = await this.#ask(guest, { act: "set", turn, items });
        if (!outcome.done) {
          await this.#undo(guest, turn, outcome);
          throw this.#lostError(outcome);
        }
        this.#warn(outcome);
        throwFirst(outcome);
      });
    });
  }

  /**
   * Puts files back of those that the guest has; all of them without `paths`. Each that can be, also where another fails.
   * `locked` are those of them that are files and are remembered.
   */
  restore(guest: string, paths?: readonly string[], locked: readonly string[] = []): Promise<void> {
    return this.#inTurn(guest, async () => {
      if (!(await this.#hasAny(guest))) return;
      await withMetadataLock(this.#options, locked, "may", this.#limits.lock, async () => {
        const hanging: HelperOutcome[] = [];
        const except: string[] = [];
        for (;;) {
          const outcome = await this.#ask(guest, { act: "restore", paths, except });
          if (outcome.done) {
            this.#warn(outcome);
            for (const lost of hanging) throw this.#lostError(lost);
            throwFirst(outcome);
            return;
          }
          const { at } = outcome.place;
          if (at === undefined || except.includes(at)) throw this.#lostError(outcome);
          hanging.push(outcome);
          except.push(at);
        }
      });
    });
  }

  close(): void {
    this.#helpers.close();
  }

  /** What was labelled by a call whose helper is lost; the file that hangs stays as it is until the guest goes. */
  async #undo(guest: string, turn: string, lost: HelperOutcome): Promise<void> {
    const hangs = lost.done ? undefined : lost.place.at;
    const outcome = await this.#ask(guest, { act: "restore", turn, except: hangs === undefined ? [] : [hangs] });
    if (outcome.done) for (const { detail } of outcome.failures) this.#options.log.error({ guest }, detail);
    else this.#options.log.error({ guest, path: outcome.place.at }, "a file that hangs cannot be put back");
  }

  #journalOf(guest: string): string {
    return join(this.#options.folder, `${this.#options.model}-${guest}`);
  }

  async #hasAny(guest: string): Promise<boolean> {
    return access(this.#journalOf(guest)).then(
      () => true,
      () => false,
    );
  }

  async #ask(guest: string, wish: Wish | Undoing): Promise<HelperOutcome> {
    const { model, folder } = this.#options;
    const { lock, file } = this.#limits;
    this.#bootTime ??= bootTime();
    await makeFolders(folder, 0o700);
    const journal = this.#journalOf(guest);
    const patience: Patience = { file, lock: lock + file };
    const request = { ...wish, model, journal, bootTime: await this.#bootTime, lockTime: lock };
    const outcome = await this.#helpers.ask(request, patience);
    // Where hosts keep no record of their start, managers reckon it, and one that disagrees forgets what we remember.
    if (outcome.done && outcome.othersBootTime !== undefined) this.#bootTime = Promise.resolve(outcome.othersBootTime);
    return outcome;
  }

  #inTurn<T>(guest: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.#turns.get(guest) ?? Promise.resolve()).then(work, work);
    const settled = turn.catch(() => {});
    this.#turns.set(guest, settled);
    void settled.then(() => this.#turns.get(guest) === settled && this.#turns.delete(guest));
    return turn;
  }

  #warn({ warnings }: Extract<HelperOutcome, { done: true }>): void {
    for (const warning of warnings) this.#options.log.warn({}, warning);
  }

  #lostError(outcome: HelperOutcome): VirtError {
    const { place, why, words } = outcome as Extract<HelperOutcome, { done: false }>;
    const at = place.at === undefined ? "" : ` of '${place.at}'`;
    if (why === "slow") {
      return new VirtError(
        "OPERATION_TIMEOUT",
        `the label${at} cannot be changed within ${this.#limits.file / 1000} s`,
        {
          domain: "SECURITY",
          hint: "its file system hangs: look at its server, or at the kernel's log",
        },
      );
    }
    return new VirtError(
      "INTERNAL_ERROR",
      `the process that changes labels has ended${at === "" ? "" : ` at${at.slice(3)}`}: ${words}`,
      {
        domain: "SECURITY",
      },
    );
  }
}

function throwFirst({ failures }: Extract<HelperOutcome, { done: true }>): void {
  const [first] = failures;
  if (first === undefined) return;
  throw new VirtError(first.code, first.detail, {
    domain: "SECURITY",
    ...(first.hint !== undefined && { hint: first.hint }),
  });
}
