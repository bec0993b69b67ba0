import type { MessageBus } from "@homebridge/dbus-native";
import { VirtError } from "@polyvisor/core";
import type { PolkitAuthority, PolkitSubject, PolkitVerdict } from "./polkit.js";

const ALLOW_USER_INTERACTION = 1;

/** The reply of `CheckAuthorization`: `(bba{ss})` */
type Reply = readonly [isAuthorized: boolean, isChallenge: boolean, details: readonly (readonly [string, string])[]];

/**
 * polkit, asked over the system's bus. Each question has a connection of its own: questions are rare, and a question whose
 * asker has left ends with its connection, on the side of polkit too.
 */
export const polkitOnBus: PolkitAuthority = {
  async check(subject, action, signal) {
    // Most daemons never ask: the library is loaded by the first question.
    const { default: dbus } = await import("@homebridge/dbus-native");
    let bus: MessageBus | undefined;
    try {
      bus = dbus.systemBus();
      return await ask(bus, subject, action, signal);
    } catch (error) {
      throw new VirtError("AUTH_FAILED", `polkit cannot be asked: ${(error as Error).message}`, {
        domain: "POLKIT",
        hint: "are the system's bus and polkitd there?",
      });
    } finally {
      bus?.connection.stream.destroy();
    }
  },
};

function ask(bus: MessageBus, subject: PolkitSubject, action: string, signal: AbortSignal): Promise<PolkitVerdict> {
  return new Promise((resolve, reject) => {
    const { connection } = bus;
    connection.on("error", reject);
    connection.on("end", () => reject(new Error("the bus closed the connection")));
    signal.addEventListener("abort", () => reject(new Error("the client left")), { once: true });
    bus.invoke(
      {
        destination: "org.freedesktop.PolicyKit1",
        path: "/org/freedesktop/PolicyKit1/Authority",
        interface: "org.freedesktop.PolicyKit1.Authority",
        member: "CheckAuthorization",
        signature: "(sa{sv})sa{ss}us",
        body: [["unix-process", detailsOf(subject)], action, [], ALLOW_USER_INTERACTION, ""],
      },
      (error, reply: Reply) => {
        if (error) reject(new Error(wordsOf(error)));
        else resolve(verdictOf(reply));
      },
    );
  });
}

function detailsOf({ pid, startTime, uid }: PolkitSubject): unknown {
  return [
    ["pid", ["u", pid]],
    ["start-time", ["t", startTime.toString()]],
    ["uid", ["i", uid]],
  ];
}

function verdictOf([isAuthorized, isChallenge, details]: Reply): PolkitVerdict {
  if (isAuthorized) return "authorized";
  if (details.some(([key, value]) => key === "polkit.dismissed" && value === "true")) return "dismissed";
  return isChallenge ? "challenge" : "denied";
}

/** An error of the bus is an array of words, one of the library an `Error`. */
function wordsOf(error: { readonly name?: string; readonly message: unknown }): string {
  return `${error.name ?? "error"}: ${String(error.message)}`;
}
