import { type CallContext, type Identity, VirtError } from "@polyvisor/core";
import { readProcessStat } from "@polyvisor/sdk/process";

/** A process as polkit knows it: the time of its start keeps its number from being taken over by another. */
export interface PolkitSubject {
  readonly pid: number;
  /** In clock ticks since the host's start. */
  readonly startTime: bigint;
  readonly uid: number;
}

export interface PolkitQuestion {
  readonly subject: PolkitSubject;
  readonly action: string;
  /** What rules may look up, beside who asks. */
  readonly details: Readonly<Record<string, string>>;
  /** Whether the process's user may be asked for a password: the answer then takes as long as people take. */
  readonly mayAskUser: boolean;
}

/** `challenge`: somebody would have to be asked, and there is nobody to ask. `dismissed`: somebody was, and refused. */
export type PolkitVerdict = "authorized" | "denied" | "challenge" | "dismissed";

/** Whoever decides what a process may do. */
export interface PolkitAuthority {
  /** `signal` fires when nobody wants the answer any more. */
  check(question: PolkitQuestion, signal?: AbortSignal): Promise<PolkitVerdict>;
}

/** The actions of libvirt's own polkit policy, so that the rules that a host has for them count here too. */
const ACTION = { monitor: "org.libvirt.unix.monitor", manage: "org.libvirt.unix.manage" } as const;

/** Rejects, in libvirt's words, where the client may not come in. */
export async function askPolkit(
  authority: PolkitAuthority,
  { identity, readOnly }: Pick<CallContext, "identity" | "readOnly">,
  signal: AbortSignal,
): Promise<void> {
  const action = readOnly ? ACTION.monitor : ACTION.manage;
  const subject = polkitSubject(identity);
  if (subject === undefined)
    throw new VirtError("AUTH_FAILED", "authentication failed", {
      domain: "RPC",
      hint: "the process that asks is not there any more",
    });
  const verdict = await authority.check({ subject, action, details: {}, mayAskUser: true }, signal);
  if (verdict === "authorized") return;
  if (verdict === "dismissed")
    throw new VirtError("AUTH_CANCELLED", "user cancelled authentication process", { domain: "POLKIT" });
  if (verdict === "challenge")
    throw new VirtError("AUTH_UNAVAILABLE", `no polkit agent available to authenticate action '${action}'`, {
      domain: "POLKIT",
      hint: "run pkttyagent in the same session, or add a rule to /etc/polkit-1/rules.d",
    });
  throw new VirtError("AUTH_FAILED", "access denied by policy", {
    domain: "POLKIT",
    hint: `a rule of polkit decides on ${action}`,
  });
}

/** When the processes behind identities were found to have started: a number that another takes over is not theirs. */
const starts = new WeakMap<Identity, bigint>();

/** `undefined` of a client that is no process of this host, or not there any more. */
export function polkitSubject(identity: Identity): PolkitSubject | undefined {
  const { pid, uid } = identity;
  if (pid === undefined || uid === undefined) return undefined;
  const startTime = identity.startTime ?? starts.get(identity) ?? readProcessStat(pid)?.startTime;
  if (startTime === undefined) return undefined;
  starts.set(identity, startTime);
  return { pid, uid, startTime };
}
