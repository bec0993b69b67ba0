/** What a job does to a disk, by libvirt's numbers (`virDomainBlockJobType`). */
export const BLOCK_JOB_TYPE = { pull: 1, copy: 2, commit: 3, "active-commit": 4 } as const;
export type BlockJobKind = keyof typeof BLOCK_JOB_TYPE;

/** What is told of a job (`virConnectDomainEventBlockJobStatus`). */
export const BLOCK_JOB_STATUS = { completed: 0, failed: 1, canceled: 2, ready: 3 } as const;

/** How a job has ended. */
export type Outcome = Exclude<keyof typeof BLOCK_JOB_STATUS, "ready">;

export type BlockJobState = "running" | "ready" | "aborting" | "pivoting" | Outcome;

/** What must be known of a job to end it, also by another daemon. Images are named by their numbers. */
export interface BlockJobRecord {
  /** The emulator's name of it. */
  readonly name: string;
  readonly kind: BlockJobKind;
  /** Target of the disk. */
  readonly disk: string;
  readonly state: BlockJobState;
  /** The image below those that go: absent where all below the top go. */
  readonly base?: number | undefined;
  /** The highest image that goes. */
  readonly top?: number | undefined;
  /** Images that were merged are removed. */
  readonly removeImages?: boolean | undefined;
  /** A copy stands upon the images below the disk's own. */
  readonly shallow?: boolean | undefined;
}

/** An image that is being put upon that of a disk: known before anything is done for it. */
export interface PendingOverlay {
  /** Target of the disk. */
  readonly disk: string;
  readonly type: "file" | "block";
  readonly path: string;
  readonly format: "qcow2" | "qed";
}

/** A job of one disk of a running guest. */
export class BlockJob {
  record: BlockJobRecord;
  /** Whoever waits for its end will end it. */
  isAwaited = false;
  /** The emulator has nothing more to do for it. */
  isConcluded = false;
  /** Why it has failed, in the emulator's words. */
  complaint: string | undefined;
  readonly #concluded: Promise<void>;
  #conclude: () => void = () => {};

  constructor(record: BlockJobRecord) {
    this.record = record;
    this.#concluded = new Promise((resolve) => {
      this.#conclude = resolve;
    });
  }

  get state(): BlockJobState {
    return this.record.state;
  }

  set state(state: BlockJobState) {
    this.record = { ...this.record, state };
  }

  concluded(): void {
    this.isConcluded = true;
    this.#conclude();
  }

  /** Resolves when the emulator has done with it. */
  get end(): Promise<void> {
    return this.#concluded;
  }
}
