import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { accepts, mayOpenSystemHost, openSystemHost, withinReason } from "@polyvisor/sdk/testkit";
import {
  LOCK_DAEMONS,
  type LockingManager,
  libvirtdManager,
  lockSocketOn,
  makeUnlockedEmulator,
  polyvisordManager,
} from "./harness/lock-managers.js";
import { tryLockPair } from "./harness/lock-pair.js";
import { type Need, program, testWith } from "./harness/needs.js";

const root: Need = { name: "only root may make namespaces", met: mayOpenSystemHost(), kind: "kernel" };
const PROGRAMS = ["virsh", "libvirtd", "virtlockd", "qemu-system-x86_64"];
const NEEDS = [...(await Promise.all(PROGRAMS.map(program))), root];

/** The soak `leases` tries each pair in every way, also two managers of one kind. */
const isWhole = process.env.POLYVISOR_WHOLE_KITS === "1";

const MAKERS = { libvirtd: libvirtdManager, polyvisord: polyvisordManager };
type Kind = keyof typeof MAKERS;

interface Pair {
  readonly first: Kind;
  readonly second: Kind;
  /** The first manager dies meanwhile, and shared disks are tried, too. */
  readonly isWhole: boolean;
}

/** Leases are taken on the disks themselves, or on files that stand for them in a folder. */
interface Row {
  readonly isIndirect: boolean;
  readonly pairs: readonly Pair[];
}

const EVERY: readonly Pair[] = [
  { first: "polyvisord", second: "libvirtd", isWhole: true },
  { first: "libvirtd", second: "polyvisord", isWhole },
  { first: "polyvisord", second: "polyvisord", isWhole },
  { first: "libvirtd", second: "libvirtd", isWhole },
];
const PAIRS = EVERY.filter(({ first, second }) => isWhole || first !== second);

const ROWS: Readonly<Record<string, Row>> = {
  "polyvisor-lockd": { isIndirect: false, pairs: PAIRS },
  virtlockd: { isIndirect: true, pairs: PAIRS.map((pair) => ({ ...pair, isWhole })) },
};

for (const [name, { isIndirect, pairs }] of Object.entries(ROWS)) {
  const leases = isIndirect ? "of files beside them" : "on the disks";
  testWith(
    `a disk is one guest's at a time, whoever manages the guests: ${name}, leases ${leases}`,
    NEEDS,
    async (t) => {
      t.timeout(900_000);
      const folder = await mkdtemp(join(tmpdir(), "locks-"));
      await chmod(folder, 0o755);
      const host = await openSystemHost();
      const managers = new Map<string, LockingManager>();
      try {
        await host.run(LOCK_DAEMONS[name] ?? [name]);
        const socket = lockSocketOn(host);
        await withinReason("the lock daemon listens", () => accepts(socket));
        const emulator = await makeUnlockedEmulator(folder);
        const settings = isIndirect ? { fileLockspace: join(folder, "leases") } : {};
        const resource = isIndirect ? "[0-9a-f]{64}" : `${folder}/[^/]+`;
        const bench = {
          folder,
          emulator,
          busy: new RegExp(`^resource busy: Lockspace resource '${resource}' is locked$`),
        };
        const managerOf = async (kind: Kind, number: number) => {
          const key = `${kind}${number}`;
          const manager = managers.get(key) ?? (await MAKERS[kind](key, socket, host, settings));
          managers.set(key, manager);
          return manager;
        };
        for (const { first, second, isWhole } of pairs) {
          const pair = [await managerOf(first, 1), await managerOf(second, first === second ? 2 : 1)] as const;
          await tryLockPair(t, bench, pair, { isBrief: !isWhole });
        }
      } finally {
        for (const manager of managers.values()) await manager.close();
        await host.close();
        await rm(folder, { recursive: true, force: true });
      }
    },
  );
}
