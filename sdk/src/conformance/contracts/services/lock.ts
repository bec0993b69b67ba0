import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { LOCK_RESOURCE_FLAG, type LockOwner, type LockResource, VirtError } from "@polyvisor/core";
import { makeFolders } from "../../../store/make-folders.js";
import type { Case, Check } from "../../kit/index.js";
import { endGuest, type GuestStart, startGuest } from "./guest.js";
import type { ServiceSubject } from "./subject.js";

type LockCase = Case<ServiceSubject<"lock">>;

const WRAPPER = ["guestWrapper"];
const CHANGES = ["guestWrapper", "acquire", "release"];
const { READONLY, SHARED } = LOCK_RESOURCE_FLAG;

/** Leases that keep two guests from one disk. The guests of these cases are real processes that do nothing. */
export const lockCases: readonly LockCase[] = [
  {
    name: "lock: the process that becomes the guest holds the lease",
    group: "leases",
    needs: WRAPPER,
    async run(subject, check) {
      const { start, disk, expectRefused } = await bench(subject, check);
      const resources = [disk()];
      await start(owner(check), resources);
      await expectRefused(owner(check), resources, "a second guest with the same disk");
      await expectRefused(owner(check), [disk(), ...resources], "a second guest with that disk among others");
      await start(owner(check), [disk()]);
    },
  },
  {
    name: "lock: a lease goes with its guest, ten times over",
    group: "leases",
    needs: WRAPPER,
    deadline: 120_000,
    async run(subject, check) {
      const { start, disk, expectRefused } = await bench(subject, check);
      const resources = [disk(), disk()];
      for (let round = 1; round <= 10; round++) {
        const guest = await start(owner(check), resources);
        if (round % 5 === 0) await expectRefused(owner(check), resources, `a second guest, round ${round}`);
        await endGuest(guest);
      }
    },
  },
  {
    name: "lock: what was refused has taken nothing",
    group: "leases",
    needs: WRAPPER,
    async run(subject, check) {
      const { start, disk, expectRefused } = await bench(subject, check);
      const [taken, ...free] = [disk(), disk(), disk()];
      await start(owner(check), [check.present(taken, "a disk")]);
      await expectRefused(owner(check), [...free, taken], "a guest with a disk that is taken");
      await start(owner(check), free);
    },
  },
  {
    name: "lock: what is shared and what is only read is for all that do the same",
    group: "sharing",
    needs: WRAPPER,
    async run(subject, check) {
      const { start, disk, expectRefused } = await bench(subject, check);
      const [shared, read] = [disk(SHARED), disk(READONLY)];
      for (let guests = 0; guests < 3; guests++) await start(owner(check), [shared, read]);
      await expectRefused(owner(check), [{ ...shared, flags: 0 }], "a guest that wants for itself what is shared");
      const alone = disk();
      await start(owner(check), [alone]);
      const sharer = [{ ...alone, flags: SHARED }];
      await expectRefused(owner(check), sharer, "a guest that would share what another has for itself");
    },
  },
  {
    name: "lock: of guests that start at once one has the lease",
    group: "concurrency",
    needs: WRAPPER,
    deadline: 120_000,
    async run(subject, check) {
      const { attempt, disk } = await bench(subject, check);
      for (let round = 1; round <= 3; round++) {
        const resources = [disk(), disk()];
        const orders = [resources, [...resources].reverse(), resources, [...resources].reverse()];
        const starts = await Promise.all(orders.map((each) => attempt(owner(check), each)));
        const running = starts.flatMap(({ child }) => child ?? []);
        check.equal(running.length, 1, `how many run, round ${round}`);
        await Promise.all(running.map(endGuest));
      }
    },
  },
  {
    name: "lock: a guest that runs is given leases, and gives them back",
    group: "changes",
    needs: CHANGES,
    async run(subject, check) {
      const { client, start, disk, expectRefused } = await bench(subject, check);
      const mine = owner(check);
      const guest = await start(mine, [disk()]);
      const more = [disk(), disk()];
      const claim = { owner: { ...mine, pid: guest.pid ?? 0 }, resources: more };
      for (let round = 1; round <= 10; round++) {
        await client().acquire({ ...claim, state: null });
        await client().acquire({ ...claim, state: null });
        if (round % 5 === 0) await expectRefused(owner(check), more.slice(1), `a second guest, round ${round}`);
        await client().release(claim);
        await client().release(claim);
      }
      const other = owner(check);
      await start(other, more);
      await check.refused(client().acquire({ ...claim, state: null }), "RESOURCE_BUSY", "a disk that another has");
    },
  },
  {
    name: "lock: of several leases a guest that runs is given all or none",
    group: "changes",
    needs: CHANGES,
    async run(subject, check) {
      const { client, start, disk } = await bench(subject, check);
      const [free, taken] = [disk(), disk()];
      await start(owner(check), [taken]);
      const mine = owner(check);
      const guest = await start(mine, [disk()]);
      const claim = { owner: { ...mine, pid: guest.pid ?? 0 }, resources: [free, taken], state: null };
      await check.refused(client().acquire(claim), "RESOURCE_BUSY", "one of two that is taken");
      await start(owner(check), [free]);
    },
  },
  {
    name: "lock: a paused guest gives up its leases, and has them again when it goes on",
    group: "changes",
    needs: CHANGES,
    async run(subject, check) {
      const { client, start, disk, expectRefused } = await bench(subject, check);
      const mine = owner(check);
      const resources = [disk(), disk()];
      const guest = await start(mine, resources);
      const claim = { owner: { ...mine, pid: guest.pid ?? 0 }, resources };
      if (check.claims("inquire")) await client().inquire(claim);
      const state = await client().release(claim);
      const meanwhile = await start(owner(check), resources.slice(1));
      await check.refused(client().acquire({ ...claim, state }), "RESOURCE_BUSY", "what another has meanwhile");
      await endGuest(meanwhile);
      await client().acquire({ ...claim, state: await client().release(claim) });
      await expectRefused(owner(check), resources, "a second guest once the first goes on");
    },
  },
  {
    name: "lock: leases are held while the manager is ended and started",
    group: "restarts",
    needs: CHANGES,
    async run(subject, check) {
      const { restart } = subject;
      if (restart === undefined) return check.leaveOut("nobody can restart it here");
      const { client, start, disk, expectRefused } = await bench(subject, check);
      const mine = owner(check);
      const resources = [disk()];
      const guest = await start(mine, resources);
      await restart.call(subject);
      await expectRefused(owner(check), resources, "a second guest after the restart");
      await client().release({ owner: { ...mine, pid: guest.pid ?? 0 }, resources });
      await start(owner(check), resources);
    },
  },
  {
    name: "lock: any name is a name of its own",
    group: "names",
    needs: WRAPPER,
    async run(subject, check) {
      const { start, fileOf, expectRefused } = await bench(subject, check);
      const odd = ["a b", "a\nb", "'", '"; exit 0; "', "$(id)", "-x", "ä", "...", `${"x".repeat(200)}/`.repeat(15)];
      const resources = await Promise.all(odd.map(async (name) => resource(await fileOf(`${name}.img`))));
      await start(owner(check), resources);
      for (const each of resources.slice(0, 3)) await expectRefused(owner(check), [each], JSON.stringify(each.name));
      await start(owner(check), [resource(await fileOf("a")), resource(await fileOf("b"))]);
    },
  },
  {
    name: "lock: leases of a configuration differ by lockspace, key and place",
    group: "names",
    needs: WRAPPER,
    async run(subject, check) {
      const { attempt, start, fileOf, expectRefused } = await bench(subject, check);
      const name = check.newName();
      const lease = { lockspace: "conformance", name, path: dirname(await fileOf(name)), offset: 0n, flags: 0 };
      const first = await attempt(owner(check), [lease]);
      if (isRefusedItself(first)) return check.leaveOut("its lockspaces are made beforehand");
      check.ok(first.child !== undefined, "a guest with a lease that is free runs");
      const elsewhere = await attempt(owner(check), [{ ...lease, offset: 4096n }]);
      check.ok(elsewhere.child !== undefined || isRefusedItself(elsewhere), "a lease at another place is another one");
      await start(owner(check), [resource(await fileOf(name))]);
      await expectRefused(owner(check), [lease], "a second guest with the same lease");
    },
  },
  {
    name: "lock: labels of files are changed by one at a time, whoever has the leases",
    group: "metadata",
    needs: [...WRAPPER, "lockMetadata", "unlockMetadata"],
    async run(subject, check) {
      const { client, start, disk } = await bench(subject, check);
      const [one, other] = [disk(), disk()];
      const lock = () => client().lockMetadata({ paths: [one.name, other.name] });
      const token = await lock().catch((error: unknown) => {
        if (error instanceof VirtError && error.code === "NO_SUPPORT") return check.leaveOut("its daemon has none");
        throw error;
      });
      let isSecond = false;
      const second = lock().then((got) => {
        isSecond = true;
        return got;
      });
      await start(owner(check), [one]);
      check.ok(!isSecond, "a second one comes only after the first");
      await client().unlockMetadata({ token });
      await client().unlockMetadata({ token: await second });
      await client().unlockMetadata({ token });
      await client().unlockMetadata({ token: await lock() });
    },
  },
];

/** Refused for what is asked, and not because another has it. */
function isRefusedItself({ child, refusal }: GuestStart): boolean {
  return child === undefined && refusal !== undefined && refusal.code !== "RESOURCE_BUSY";
}

/** How many disks a case may have. */
const DISKS = 8;

/** A case's things: its disks are files, since a manager may look at them. */
async function bench(subject: ServiceSubject<"lock">, check: Check) {
  const client = () => subject.client();
  const folder = await mkdtemp(join(tmpdir(), "polyvisor-disks-"));
  check.cleanup(() => rm(folder, { recursive: true, force: true }));
  const fileOf = async (name: string) => {
    const path = join(folder, name);
    await makeFolders(dirname(path));
    await writeFile(path, "", { flag: "a" });
    return path;
  };
  const disks = await Promise.all(Array.from({ length: DISKS }, (_, index) => fileOf(`disk${index}.img`)));
  const attempt = async (guest: LockOwner, resources: readonly LockResource[]): Promise<GuestStart> => {
    try {
      return await startGuest(check, await client().guestWrapper({ owner: guest, resources }));
    } catch (error) {
      if (error instanceof VirtError) return { refusal: error, said: error.message };
      throw error;
    }
  };
  return {
    client,
    attempt,
    fileOf,
    disk: (flags = 0) => resource(check.present(disks.pop(), "a disk"), flags),
    async start(guest: LockOwner, resources: readonly LockResource[]) {
      const started = await attempt(guest, resources);
      if (started.child === undefined) check.fail(`a guest with leases that are free does not start: ${started.said}`);
      return started.child;
    },
    async expectRefused(guest: LockOwner, resources: readonly LockResource[], what: string) {
      const { child, refusal } = await attempt(guest, resources);
      check.ok(child === undefined, `${what}: it runs`);
      check.equal(refusal?.code, "RESOURCE_BUSY", `${what}: the refusal`);
    },
  };
}

function resource(name: string, flags = 0): LockResource {
  return { lockspace: null, name, path: null, offset: 0n, flags };
}

function owner(check: Check): LockOwner {
  const name = check.newName();
  return { uuid: check.newUuid(), name, id: 1, pid: 0, uri: "qemu:///system", onLockFailure: "default" };
}
