import type { LauncherConnection, LauncherTools } from "@polyvisor/sdk/launcher" with { "resolution-mode": "import" };
import type { LauncherPlan } from "./launcher-plan.js" with { "resolution-mode": "import" };

/** Bytes of the length word and the header of a message. */
const HEADER_BYTES = 28;
const STATUS_AT = 24;

/** A refused call: an error's name and its detail. */
interface Refusal {
  readonly code: string;
  readonly words: string;
}

/** Makes one call. Answers why it was refused. */
function call(daemon: LauncherConnection, frame: Buffer, codes: LauncherPlan["codes"]): Refusal | undefined {
  daemon.send(frame);
  const header = daemon.receive(HEADER_BYTES);
  const body = daemon.receive(header.readUInt32BE() - HEADER_BYTES);
  return header.readUInt32BE(STATUS_AT) === 0 ? undefined : refusalIn(body, codes);
}

/** The error of a reply (`virNetMessageError`): its code, and what of its message is not the code's own words. */
function refusalIn(body: Buffer, codes: LauncherPlan["codes"]): Refusal {
  let at = 0;
  const number = () => {
    at += 4;
    return body.readInt32BE(at - 4);
  };
  const text = () => {
    const length = number();
    at += length + ((4 - (length % 4)) % 4);
    return body.toString("utf8", at - length - ((4 - (length % 4)) % 4), at - ((4 - (length % 4)) % 4));
  };
  const optional = <T,>(read: () => T) => (number() === 0 ? undefined : read());
  const code = codes[number()] ?? "INTERNAL_ERROR";
  number();
  const message = optional(text) ?? "the lock daemon does not say why";
  number();
  optional(() => {
    text();
    at += 20;
  });
  optional(text);
  return { code, words: optional(text) ?? message };
}

/**
 * Registers this process with the lock daemon, takes the leases, and lets nobody take more on this connection. What it has
 * taken it gives back where another is refused: the daemon kills whoever hangs up with leases.
 */
function takeLeases(plan: LauncherPlan, { pid, connect, refuse }: LauncherTools): void {
  const frames = (texts: readonly string[]) => texts.map((text) => Buffer.from(text, "base64"));
  const daemon = connect(plan.socket);
  const [register = Buffer.alloc(0), restrict = Buffer.alloc(0)] = frames([plan.register, plan.restrict]);
  register.writeUInt32BE(pid, plan.pidAt);
  const releases = frames(plan.releases);
  const isRegistered = call(daemon, register, plan.codes);
  if (isRegistered !== undefined) refuse(isRegistered.code, isRegistered.words);
  for (const [index, acquire] of frames(plan.acquires).entries()) {
    const refusal = call(daemon, acquire, plan.codes);
    if (refusal === undefined) continue;
    for (const release of releases.slice(0, index)) call(daemon, release, plan.codes);
    refuse(refusal.code, refusal.words);
  }
  const isRestricted = call(daemon, restrict, plan.codes);
  if (isRestricted !== undefined) refuse(isRestricted.code, isRestricted.words);
}

export = takeLeases;
