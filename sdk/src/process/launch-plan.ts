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
  readonly runAs?: RunAs;
  /** The capabilities that may ever be gained, in the names of setpriv (`sys_nice`); all of the daemon's where left out. */
  readonly capabilities?: readonly string[];
  readonly noNewPrivileges: boolean;
  /** A mount namespace of its own, into which the host's mounts still propagate. */
  readonly ownMounts: boolean;
}

/** The command line whose one process turns, exec by exec, into the program. Each link that is not needed saves a millisecond. */
export function chainOf(plan: LaunchPlan): [string, ...string[]] {
  const limits = plan.limits.filter((limit) => !isNoCore(limit));
  return ["/bin/sh", "-c", gateOf(plan), "sh", ...unshare(plan), ...prlimit(limits), ...setpriv(plan), ...plan.argv];
}

/**
 * The shell holds the process until a line arrives on its standard input, and gives up when that closes without one. By
 * then cgroup, labels and limits are set from outside, on the very process that becomes the guest.
 */
function gateOf(plan: LaunchPlan): string {
  const steps = [
    "read -r go || exit 125",
    `umask ${plan.umask.toString(8).padStart(4, "0")}`,
    ...(plan.limits.some(isNoCore) ? ["ulimit -c 0"] : []),
    "unset go PWD OLDPWD",
    'exec "$@" </dev/null',
  ];
  return steps.join("; ");
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
