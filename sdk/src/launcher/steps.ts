/** A unix socket that waits: the launcher has nothing else to do. */
export interface LauncherConnection {
  send(bytes: Uint8Array): void;
  /** Exactly so many bytes. Refuses where the peer closes before they have come. */
  receive(length: number): Buffer;
}

/** What the process can do that is about to become the guest. Each of them ends the start where it fails. */
export interface LauncherTools {
  /** The process's id: the guest's, too. */
  readonly pid: number;
  /** Connects to a daemon. The guest inherits the connection, and so keeps what the daemon gave for it. */
  connect(path: string): LauncherConnection;
  /** The guest must not start: `code` is an error's name, such as `RESOURCE_BUSY`, and `words` its detail. */
  refuse(code: string, words: string): never;
}

/**
 * What a plugin's part of the launcher exports (`export =` of a `.cts`): it does what has to be done on behalf of the guest,
 * in the guest's process, and returns; the process then becomes the guest. `plan` is what `launcherWords` was given, as JSON.
 */
export type LauncherSteps<Plan> = (plan: Plan, tools: LauncherTools) => void;
