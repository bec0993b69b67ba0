import {
  acquireFrame,
  killpathFrame,
  RESOURCES_MAX,
  type Resource,
  registerFrame,
  restrictFrame,
} from "./wire/frames.js";

/** What steps.cts is told: frames in base64, in the order in which they are sent. */
export interface LauncherPlan {
  readonly socket: string;
  readonly register: string;
  /** What is to be run when a lease is lost; without it sanlock ends the guest. */
  readonly killpath: string | null;
  readonly acquire: readonly string[];
  readonly restrict: string;
  /** How long a lease is waited for that may come free in a moment, in milliseconds. */
  readonly patience: number;
}

export interface PlanOptions {
  readonly socket: string;
  readonly guest: string;
  readonly resources: readonly Resource[];
  readonly killpath: { readonly path: string; readonly args: readonly string[] } | undefined;
  readonly patience: number;
}

export function planOf({ socket, guest, resources, killpath, patience }: PlanOptions): LauncherPlan {
  const text = (frame: Buffer) => frame.toString("base64");
  return {
    socket,
    register: text(registerFrame()),
    killpath: killpath === undefined ? null : text(killpathFrame(killpath.path, killpath.args)),
    acquire: batches(resources).map((batch) => text(acquireFrame(batch, "self", guest))),
    restrict: text(restrictFrame()),
    patience,
  };
}

/** sanlock takes a few at a time. */
export function batches(resources: readonly Resource[]): Resource[][] {
  const count = Math.ceil(resources.length / RESOURCES_MAX);
  return Array.from({ length: count }, (_, index) =>
    resources.slice(index * RESOURCES_MAX, (index + 1) * RESOURCES_MAX),
  );
}
