import { readFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";

/** The kernel's side of AppArmor. `root` is where /proc and /sys are found: elsewhere only in tests of hosts that are not here. */
export class ApparmorHost {
  readonly #root: string;

  constructor(root = "/") {
    this.#root = root;
  }

  /** Whether the kernel has it and it was not switched off at boot. */
  get isEnabled(): boolean {
    return this.#read("sys/module/apparmor/parameters/enabled")?.trim() === "Y";
  }

  /** Whether profiles can be loaded: the kernel's files are mounted. */
  get canLoad(): boolean {
    return this.profiles() !== undefined;
  }

  /** The loaded profiles and whether each is enforced. `undefined` where the kernel's list cannot be read. */
  profiles(): ReadonlyMap<string, boolean> | undefined {
    const list = this.#read("sys/kernel/security/apparmor/profiles");
    if (list === undefined) return undefined;
    return new Map(
      list
        .split("\n")
        .map(parseConfinement)
        .filter((each) => each !== undefined),
    );
  }

  /** The profile of a process and whether it is enforced; `unconfined` is none. `undefined` where there is no such process. */
  confinementOf(pid: number | "self"): readonly [profile: string, isEnforced: boolean] | undefined {
    const label = this.#read(`proc/${pid}/attr/apparmor/current`) ?? this.#read(`proc/${pid}/attr/current`);
    return label === undefined ? undefined : (parseConfinement(label.trim()) ?? [label.trim(), false]);
  }

  /** The profiles that processes run under. There may be many processes: others have their turns meanwhile. */
  async profilesInUse(): Promise<ReadonlySet<string>> {
    const pids = (await readdir(join(this.#root, "proc"))).filter((name) => /^\d+$/.test(name));
    const used = new Set<string>();
    for (const [index, pid] of pids.entries()) {
      if (index % 100 === 99) await nextTurn();
      const [profile] = this.confinementOf(Number(pid)) ?? [];
      if (profile !== undefined) used.add(profile);
    }
    return used;
  }

  /** Files of the kernel alone, which never make one wait. */
  #read(path: string): string | undefined {
    try {
      return readFileSync(join(this.#root, path), "utf8");
    } catch {
      return undefined;
    }
  }
}

/** `NAME (enforce)`: of the other modes none keeps a process from anything. */
function parseConfinement(line: string): readonly [string, boolean] | undefined {
  const [, name, mode] = /^(.*) \((enforce|complain|kill|unconfined|prompt|user)\)$/.exec(line) ?? [];
  return name === undefined ? undefined : [name, mode === "enforce" || mode === "kill"];
}
