import { type FSWatcher, watch } from "node:fs";
import { join } from "node:path";
import { initPidOf } from "./live.js";
import { FILES } from "./place.js";

/** Waits for a container to run. It has to be there before its engine starts. */
export interface Waiter {
  /** The init's pid on the host once it runs. */
  readonly runs: Promise<number>;
  close(): void;
}

/** `folder`: the container's; its engine makes a folder of its own there first, and says in that what has become of it. */
export function waitUntilRuns(folder: string): Waiter {
  const watchers: FSWatcher[] = [];
  let isInner = false;
  const close = () => {
    for (const watcher of watchers.splice(0)) watcher.close();
  };
  const runs = new Promise<number>((resolve) => {
    const look = () => {
      void initPidOf(folder).then((pid) => pid !== undefined && resolve(pid));
    };
    const lookInside = () => {
      if (isInner) return;
      try {
        watchers.push(watch(join(folder, FILES.engineContainer), look).on("error", () => {}));
        isInner = true;
        look();
      } catch {
        // It is not there yet, or has gone again.
      }
    };
    watchers.push(watch(join(folder, FILES.engineState), lookInside).on("error", () => {}));
  });
  return { runs, close };
}
