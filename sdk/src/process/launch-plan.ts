/** A limit that `prlimit` knows; `unlimited` lifts it. */
export interface ResourceLimit {
  readonly resource: "core" | "memlock" | "nofile" | "nproc";
  readonly soft: number | "unlimited";
  readonly hard: number | "unlimited";
}

/** Whom the program runs as, where that is not whom the daemon runs as. */
export interface RunAs {
  readonly uid: number;
  readonly gid: number;
  /** Supplementary groups. */
  readonly groups: readonly number[];
}

/** Everything that decides how a guest's process comes to be, as data. */
export interface LaunchPlan {
  /** The program by absolute path, and its arguments. */
  readonly argv: readonly [program: string, ...args: string[]];
  /** The whole environment; it needs a `PATH` on which sh, unshare, prlimit and setpriv are found. */
  readonly env: Readonly<Record<string, string>>;
  readonly umask: number;
  readonly limits: readonly ResourceLimit[];
  /** The words of a program that does something with the daemon's privileges in this process, and becomes what follows. */
  readonly wrapper?: readonly string[];
  readonly runAs?: RunAs;
  /** The capabilities that may ever be gained, in the names of setpriv (`sys_nice`); all of the daemon's where left out. */
  readonly capabilities?: readonly string[];
  readonly noNewPrivileges: boolean;
  /** A mount namespace of its own, into which the host's mounts still propagate. */
  readonly ownMounts: boolean;
}

/**
 * The command line of a process that leads a session and has a child, which turns, exec by exec, into the program. It
 * kills itself at once: a program that led a session would make a terminal that it opens its own, and end when that
 * hangs up. Each link that is not needed saves a millisecond.
 */
export function chainOf(plan: LaunchPlan): [string, ...string[]] {
  const limits = plan.limits.filter((limit) => !isNoCore(limit));
  const privileged = [...unshare(plan), ...prlimit(limits), ...(plan.wrapper ?? [])];
  return ["/bin/sh", "-c", gateOf(plan), "sh", ...privileged, ...setpriv(plan), ...plan.argv];
}

/** The descriptor of the gate in the launched process, until it becomes the program. */
export const GATE = 3;

/**
 * The shell tells the pid of the process at the gate, and holds it until a line arrives there; it gives up when the gate
 * closes without one. By then cgroup, labels and limits are set from outside, on the very process that becomes the guest.
 */
function gateOf(plan: LaunchPlan): string {
  const steps = [
    // A shell has its parent's pid in $$ here, and its own nowhere.
    "read -r pid rest </proc/self/stat",
    `echo "$pid" >&${GATE}`,
    "kill -KILL $$",
    `read -r go <&${GATE} || exit 125`,
    `umask ${plan.umask.toString(8).padStart(4, "0")}`,
    ...(plan.limits.some(isNoCore) ? ["ulimit -c 0"] : []),
    "unset go pid rest PWD OLDPWD",
    `exec "$@" <>/dev/null ${GATE}>&-`,
  ];
  // Without a command after it, the subshell would not be a process of its own.
  return `( ${steps.join("; ")} ); :`;
}

/** The one limit that every shell sets in the same words. */
function isNoCore({ resource, soft, hard }: ResourceLimit): boolean {
  return resource === "core" && soft === 0 && hard === 0;
}

function unshare(plan: LaunchPlan): string[] {
  return plan.ownMounts ? ["unshare", "--mount", "--propagation", "slave", "--"] : [];
}

function prlimit(limits: readonly ResourceLimit[]): string[] {
  if (limits.length === 0) return [];
  return ["prlimit", ...limits.map(({ resource, soft, hard }) => `--${resource}=${soft}:${hard}`), "--"];
}

function setpriv({ runAs, capabilities, noNewPrivileges }: LaunchPlan): string[] {
  const options: string[] = [];
  if (runAs !== undefined) {
    options.push(`--reuid=${runAs.uid}`, `--regid=${runAs.gid}`);
    options.push(runAs.groups.length === 0 ? "--clear-groups" : `--groups=${runAs.groups.join(",")}`);
  }
  if (capabilities !== undefined) {
    options.push("--inh-caps=-all", `--bounding-set=${["-all", ...capabilities.map((name) => `+${name}`)].join(",")}`);
  }
  if (noNewPrivileges) options.push("--no-new-privs");
  return options.length === 0 ? [] : ["setpriv", ...options, "--"];
}
