/** What kind of label is put on files: an owner `+UID:+GID`, or a context of SELinux. */
export type LabelModel = "dac" | "selinux";

/** One file and the label that it is to have. */
export interface LabelItem {
  readonly path: string;
  readonly label: string;
  /** What it was before is kept on the file itself, with a count of those who use it. */
  readonly remember: boolean;
  /**
   * Others may use it with another label: where the guest can read it as it is, it stays so. One that nothing can be
   * remembered of keeps its label for good.
   */
  readonly shared: boolean;
  /** Made for this guest: it is not put back, and a symbolic link in its place is refused. */
  readonly own: boolean;
  /** Passed over where it is not there. */
  readonly optional: boolean;
  /** What to put back where the file had no label. */
  readonly fallback?: string | undefined;
}

interface RequestCommon {
  readonly model: LabelModel;
  /** The file that says what the guest has: see journal.ts. */
  readonly journal: string;
  /** When this host was started, in seconds since 1970. */
  readonly bootTime: number;
  /** How long all locks together may be waited for, in milliseconds. */
  readonly lockTime: number;
}

/** What a helper process is asked for. */
export type LabelRequest = RequestCommon &
  (
    | { readonly act: "set"; readonly turn: string; readonly items: readonly LabelItem[] }
    | {
        readonly act: "restore";
        /** All that the guest has where left out. */
        readonly paths?: readonly string[] | undefined;
        /** Only what this turn has labelled. */
        readonly turn?: string | undefined;
        /** Files that hang. */
        readonly except: readonly string[];
      }
  );

/** What went wrong, as data: `code` is libvirt's without `VIR_ERR_`. */
export interface LabelFailure {
  readonly code: "SYSTEM_ERROR" | "OPERATION_INVALID" | "INTERNAL_ERROR";
  readonly detail: string;
  readonly hint?: string | undefined;
}

/** What a helper tells: where it is, and in the end how it went. */
export type LabelReport =
  | { readonly at: string; readonly waits: boolean }
  | {
      readonly done: true;
      readonly failures: readonly LabelFailure[];
      readonly warnings: readonly string[];
      /** When another manager of this host says that it was started, where that is a moment off. */
      readonly othersBootTime?: number | undefined;
    };
