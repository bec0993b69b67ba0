import { VirtError } from "@polyvisor/core";
import type { PolkitAuthority, PolkitQuestion, PolkitVerdict } from "./polkit.js";
import { type BusCall, SystemBus } from "./system-bus.js";
import { Window } from "./window.js";

const ALLOW_USER_INTERACTION = 1;

/** A bus lets each connection wait for 128 answers. Questions to users take long, and others do not wait for them. */
const WAITING = { users: 48, rules: 64 } as const;

/** The descriptions of the actions that polkit is asked about. */
const ACTION_FILES = new URL("../../polkit", import.meta.url).pathname;

/** How long polkit may take where it asks nobody. */
const ANSWER_MS = 30_000;

/** The reply of `CheckAuthorization`: `(bba{ss})` */
type Reply = readonly [isAuthorized: boolean, isChallenge: boolean, details: readonly (readonly [string, string])[]];

/** polkit, asked over the system's bus. */
export class PolkitOnBus implements PolkitAuthority {
  readonly #bus: SystemBus;
  readonly #toUsers = new Window(WAITING.users);
  readonly #toRules = new Window(WAITING.rules);
  #lastQuestion = 0;

  constructor(bus = new SystemBus()) {
    this.#bus = bus;
  }

  async check(question: PolkitQuestion, signal?: AbortSignal): Promise<PolkitVerdict> {
    try {
      return verdictOf((await (question.mayAskUser ? this.#askUser(question, signal) : this.#ask(question))) as Reply);
    } catch (error) {
      const { message } = error as Error;
      throw new VirtError("AUTH_FAILED", `polkit cannot be asked: ${message}`, {
        domain: "POLKIT",
        hint: hintFor(message),
      });
    }
  }

  #ask(question: PolkitQuestion): Promise<unknown> {
    return this.#toRules.run(() => inTime(this.#bus.call(checkCall(question, ""))));
  }

  /** The user is not asked any longer once the client has left. */
  #askUser(question: PolkitQuestion, signal: AbortSignal | undefined): Promise<unknown> {
    const id = `polyvisord-${++this.#lastQuestion}`;
    const cancel = () => void this.#bus.call(cancelCall(id)).catch(() => {});
    return this.#toUsers.run(async () => {
      signal?.throwIfAborted();
      signal?.addEventListener("abort", cancel, { once: true });
      try {
        return await this.#bus.call(checkCall(question, id));
      } finally {
        signal?.removeEventListener("abort", cancel);
      }
    });
  }
}

function hintFor(message: string): string {
  if (/is not registered/.test(message))
    return `copy the files in ${ACTION_FILES} to /usr/share/polkit-1/actions: they tell polkit of the actions`;
  if (/trusted callers/.test(message))
    return "polkit answers a daemon of root; one of a user it tells nothing of objects";
  return "are the system's bus and polkitd there?";
}

function inTime<T>(asked: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error("no answer in 30 seconds")), ANSWER_MS);
    asked.then(resolve, reject).finally(() => clearTimeout(late));
  });
}

const AUTHORITY = {
  destination: "org.freedesktop.PolicyKit1",
  path: "/org/freedesktop/PolicyKit1/Authority",
  interface: "org.freedesktop.PolicyKit1.Authority",
} as const;

function checkCall({ subject, action, details, mayAskUser }: PolkitQuestion, cancellationId: string): BusCall {
  const process = [
    ["pid", ["u", subject.pid]],
    ["start-time", ["t", subject.startTime.toString()]],
    ["uid", ["i", subject.uid]],
  ];
  const flags = mayAskUser ? ALLOW_USER_INTERACTION : 0;
  return {
    ...AUTHORITY,
    member: "CheckAuthorization",
    signature: "(sa{sv})sa{ss}us",
    body: [["unix-process", process], action, Object.entries(details), flags, cancellationId],
  };
}

function cancelCall(cancellationId: string): BusCall {
  return { ...AUTHORITY, member: "CancelCheckAuthorization", signature: "s", body: [cancellationId] };
}

function verdictOf([isAuthorized, isChallenge, details]: Reply): PolkitVerdict {
  if (isAuthorized) return "authorized";
  if (details.some(([key, value]) => key === "polkit.dismissed" && value === "true")) return "dismissed";
  return isChallenge ? "challenge" : "denied";
}
