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
  /** The environment of every program in the chain; it needs a `PATH` on which sh, unshare, prlimit and setpriv are found. */
  readonly env: Readonly<Record<string, string>>;
  /** What the program alone gets besides or instead: nothing here may mislead what runs with our privileges. */
  readonly ownEnv?: Readonly<Record<string, string>>;
  readonly umask: number;
  readonly limits: readonly ResourceLimit[];
  /** The words of a program that does something with the daemon's privileges in this process, and becomes what follows. */
  readonly wrapper?: readonly string[];
  readonly runAs?: RunAs;
  /** The words of a program that runs as whom `runAs` says, and becomes what follows. */
  readonly innerWrapper?: readonly string[];
  /**
   * The capabilities that the program has and may ever gain, in the names of setpriv (`sys_nice`); all of the daemon's where
   * left out.
   */
  readonly capabilities?: readonly string[];
  readonly noNewPrivileges: boolean;
  /**
   * A mount namespace of its own, into which the host's mounts still propagate. `setUp` are commands of a shell that change
   * it while the process is held; they end the shell where they fail.
   */
  readonly ownMounts: boolean | { readonly setUp: string };
}

/**
 * The command line of a process that leads a session and has a child, which turns, exec by exec, into the program. It
 * kills itself at once: a program that led a session would make a terminal that it opens its own, and end when that
 * hangs up. Each link that is not needed saves a millisecond.
 */
export function chainOf(plan: LaunchPlan): [string, ...string[]] {
  const limits = plan.limits.filter((limit) => !isNoCore(limit));
  const privileged = [...prlimit(limits), ...(plan.wrapper ?? [])];
  const program = [...setpriv(plan), ...(plan.innerWrapper ?? []), ...ownEnvironment(plan), ...plan.argv];
  const unshare = plan.ownMounts === true ? UNSHARE : [];
  // Without a command after it, the subshell would not be a process of its own.
  if (typeof plan.ownMounts === "boolean") {
    return ["/bin/sh", "-c", `( ${ANNOUNCE}; ${gateOf(plan)} ); :`, "sh", ...unshare, ...privileged, ...program];
  }
  const outer = `( ${ANNOUNCE}; exec ${UNSHARE.join(" ")} /bin/sh -c "$0" sh "$@" ); :`;
  return ["/bin/sh", "-c", outer, `${plan.ownMounts.setUp}\n${gateOf(plan)}`, ...privileged, ...program];
}

/** The words before a command that has mounts of its own, into which the host's still propagate. */
export const UNSHARE = ["unshare", "--mount", "--propagation", "slave", "--"] as const;

/** The descriptor of the gate in the launched process, until it becomes the program. */
export const GATE = 3;
/** What the process says at the gate once its mounts are prepared. */
export const READY = "ready";

/** A shell has its parent's pid in $$ in a subshell, and its own nowhere. */
const ANNOUNCE = ["read -r pid rest </proc/self/stat", `echo "$pid" >&${GATE}`, "kill -KILL $$"].join("; ");

/**
 * The shell holds the process at the gate until a line arrives there; it gives up when the gate closes without one. By then
 * cgroup, labels and limits are set from outside, on the very process that becomes the guest.
 */
function gateOf(plan: LaunchPlan): string {
  const steps = [
    `echo ${READY} >&${GATE}`,
    `read -r go <&${GATE} || exit 125`,
    `umask ${plan.umask.toString(8).padStart(4, "0")}`,
    ...(plan.limits.some(isNoCore) ? ["ulimit -c 0"] : []),
    "unset go pid rest PWD OLDPWD",
    `exec "$@" <>/dev/null ${GATE}>&-`,
  ];
  return steps.join("; ");
}

/** The one limit that every shell sets in the same words. */
function isNoCore({ resource, soft, hard }: ResourceLimit): boolean {
  return resource === "core" && soft === 0 && hard === 0;
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
    const kept = capabilities.map((name) => `+${name}`);
    for (const set of ["inh-caps", "bounding-set"]) options.push(`--${set}=${["-all", ...kept].join(",")}`);
    // Whoever is not root has after an exec what is in this set.
    if (kept.length > 0) options.push(`--ambient-caps=${kept.join(",")}`);
  }
  if (noNewPrivileges) options.push("--no-new-privs");
  return options.length === 0 ? [] : ["setpriv", ...options, "--"];
}

/** How variables of the program alone are called until the last link of the chain. */
const HIDDEN = "POLYVISOR_OWN_";

/** The environment with which the chain starts: what is the program's alone goes along under other names. */
export function environmentOf({ env, ownEnv = {} }: LaunchPlan): Record<string, string> {
  const hidden = Object.entries(ownEnv).map(([name, value]) => [`${HIDDEN}${name}`, value]);
  return { ...env, ...Object.fromEntries(hidden) };
}

/** No value stands on a command line, where everybody could read it. */
function ownEnvironment({ ownEnv = {} }: LaunchPlan): string[] {
  const names = Object.keys(ownEnv).filter((name) => /^[A-Za-z_]\w*$/.test(name));
  if (names.length === 0) return [];
  const sets = names.map((name) => `export ${name}="$${HIDDEN}${name}"; unset ${HIDDEN}${name}`);
  return ["/bin/sh", "-c", `${sets.join("; ")}; unset PWD OLDPWD; exec "$@"`, "sh"];
}
