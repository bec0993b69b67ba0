import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { SECURITY_TARGET_KINDS, type SecurityGuest, type SecurityTarget, VirtError } from "@polyvisor/core";
import type { Case, Check } from "../../kit/index.js";
import { startGuest } from "./guest.js";
import type { ServiceClient, ServiceSubject } from "./subject.js";

type SecurityCase = Case<ServiceSubject<"security">>;

const run = promisify(execFile);

const LABELS = ["generateLabel", "setLabels", "restoreLabels"];
/** The fixture with a label that a guest may ask for, other than that of this process. */
export const LABEL = "label";
/** The trait of a driver that leaves its label on what several guests may use: it cannot know all of them. */
export const KEEPS_SHARED = "keeps-shared";

/** What guests may reach. The files of these cases belong to the kit; the guests are processes that do nothing. */
export const securityCases: readonly SecurityCase[] = [
  {
    name: "security: everything is put back as it was",
    group: "labels",
    needs: LABELS,
    async run(subject, check) {
      const { client, guest, file, portrait } = await bench(subject, check);
      const [mine, targets] = [await guest(), [await file(), await file()]];
      const before = await portrait(targets);
      await client().setLabels({ guest: mine, targets });
      await client().restoreLabels({ guest: mine, targets });
      check.equal(await portrait(targets), before, "the files");
    },
  },
  {
    name: "security: the guest's label is on what it reaches, and on nothing else",
    group: "labels",
    needs: [...LABELS, LABEL],
    async run(subject, check) {
      const { client, guest, file, portrait } = await bench(subject, check);
      const mine = await guest(check.fixture(LABEL));
      const [target, other] = [await file(), await file()];
      const before = await portrait([target, other]);
      await client().setLabels({ guest: mine, targets: [target] });
      const meanwhile = await portrait([target, other]);
      check.ok(meanwhile[0] !== before[0], "the file is as it was, though the guest is to reach it");
      check.equal(meanwhile[1], before[1], "a file that the guest is not to reach");
      await client().restoreLabels({ guest: mine, targets: [target] });
      check.equal(await portrait([target, other]), before, "the files after that");
    },
  },
  {
    name: "security: all is labelled or nothing",
    group: "labels",
    needs: LABELS,
    async run(subject, check) {
      const { client, guest, file, missing, portrait } = await bench(subject, check);
      const mine = await guest(check.profile.fixtures[LABEL]);
      const there = [await file(), await file()];
      const before = await portrait(there);
      for (const targets of [
        [...there, missing()],
        [missing(), ...there],
      ]) {
        await check.refused(client().setLabels({ guest: mine, targets }), undefined, "a file that is not there");
        check.equal(await portrait(there), before, "the other files");
        await client().restoreLabels({ guest: mine, targets });
        check.equal(await portrait(there), before, "the other files once they were put back");
      }
    },
  },
  {
    name: "security: what the configuration leaves alone stays as it is",
    group: "labels",
    needs: [...LABELS, LABEL],
    async run(subject, check) {
      const { client, guest, file, portrait } = await bench(subject, check);
      const mine = await guest(check.fixture(LABEL));
      const [target, alone] = [await file(), { ...(await file()), override: { relabel: false, label: "" } }];
      const before = await portrait([target, alone]);
      await client().setLabels({ guest: mine, targets: [target, alone] });
      const meanwhile = await portrait([target, alone]);
      check.ok(meanwhile[0] !== before[0], "the file is as it was, though the guest is to reach it");
      check.equal(meanwhile[1], before[1], "a file that is to be left alone");
      await client().restoreLabels({ guest: mine, targets: [target, alone] });
      check.equal(await portrait([target, alone]), before, "the files after that");
    },
  },
  {
    name: "security: whatever it is to the guest, it is put back",
    group: "labels",
    needs: LABELS,
    async run(subject, check) {
      const { client, guest, file, portrait } = await bench(subject, check);
      const mine = await guest(check.profile.fixtures[LABEL]);
      const kinds = SECURITY_TARGET_KINDS.filter((kind) => kind !== "backing" || !keepsShared(check));
      const targets = await Promise.all(kinds.map(async (kind) => ({ ...(await file()), kind })));
      const before = await portrait(targets);
      await client().setLabels({ guest: mine, targets });
      await client().restoreLabels({ guest: mine, targets });
      check.equal(await portrait(targets), before, "the files");
    },
  },
  {
    name: "security: labelling and putting back, ten times over",
    group: "idempotence",
    needs: LABELS,
    async run(subject, check) {
      const { client, guest, file, portrait } = await bench(subject, check);
      const [mine, targets] = [await guest(check.profile.fixtures[LABEL]), [await file()]];
      const before = await portrait(targets);
      for (let round = 1; round <= 10; round++) {
        await client().setLabels({ guest: mine, targets });
        await client().setLabels({ guest: mine, targets });
        await client().restoreLabels({ guest: mine, targets });
        check.equal(await portrait(targets), before, `the file, round ${round}`);
        await client().restoreLabels({ guest: mine, targets });
        check.equal(await portrait(targets), before, `the file once it was put back again, round ${round}`);
      }
    },
  },
  {
    name: "security: what two guests share is put back when neither uses it",
    group: "sharing",
    needs: LABELS,
    async run(subject, check) {
      const { client, guest, file, portrait } = await bench(subject, check);
      const shared = { ...(await file()), shared: true };
      const wanted = check.profile.fixtures[LABEL];
      const [one, two] = [await guest(wanted), await guest(wanted)];
      const before = await portrait([shared]);
      await client().setLabels({ guest: one, targets: [shared] });
      await client().setLabels({ guest: two, targets: [shared] });
      const meanwhile = (await portrait([shared])).map(asUsersSeeIt);
      await client().restoreLabels({ guest: one, targets: [shared] });
      check.equal((await portrait([shared])).map(asUsersSeeIt), meanwhile, "what the second one uses still");
      await client().restoreLabels({ guest: two, targets: [shared] });
      const after = (await portrait([shared])).map(asUsersSeeIt);
      check.equal(after, keepsShared(check) ? meanwhile : before, "what nobody uses any more");
    },
  },
  {
    name: "security: putting back what was never labelled, or is gone, does no harm",
    group: "bad input",
    needs: LABELS,
    async run(subject, check) {
      const { client, guest, file, missing, portrait } = await bench(subject, check);
      const [mine, strange] = [await guest(), await file()];
      const before = await portrait([strange]);
      await client().restoreLabels({ guest: mine, targets: [strange, missing()] });
      check.equal(await portrait([strange]), before, "a file of somebody else's");
      const target = await file();
      await client().setLabels({ guest: mine, targets: [target] });
      await rm(target.path);
      await client().restoreLabels({ guest: mine, targets: [target] });
      await client().setLabels({ guest: mine, targets: [] });
      await client().restoreLabels({ guest: mine, targets: [] });
    },
  },
  {
    name: "security: any name of a file is that file's",
    group: "bad input",
    needs: LABELS,
    async run(subject, check) {
      const { client, guest, file, portrait } = await bench(subject, check);
      const mine = await guest(check.profile.fixtures[LABEL]);
      const names = ["a b", "a\nb", "'", '"; exit 1; "', "$(id)", "-x", "ä", "x".repeat(200)];
      const targets = await Promise.all(names.map((name) => file(name)));
      const near = await Promise.all(["a", "b", "x"].map((name) => file(name)));
      const before = await portrait([...targets, ...near]);
      await client().setLabels({ guest: mine, targets });
      check.equal(await portrait(near), before.slice(targets.length), "files with names that are near");
      await client().restoreLabels({ guest: mine, targets });
      check.equal(await portrait([...targets, ...near]), before, "the files");
    },
  },
  {
    name: "security: guests that come and go at once are not mixed up",
    group: "concurrency",
    needs: LABELS,
    async run(subject, check) {
      const { client, guest, file, portrait } = await bench(subject, check);
      const shared = { ...(await file()), shared: true };
      const wanted = check.profile.fixtures[LABEL];
      const guests = await Promise.all(
        Array.from({ length: 8 }, async () => ({ mine: await guest(wanted), own: await file() })),
      );
      const all = [...(keepsShared(check) ? [] : [shared]), ...guests.map(({ own }) => own)];
      const before = await portrait(all);
      await Promise.all(guests.map(({ mine, own }) => client().setLabels({ guest: mine, targets: [own, shared] })));
      await Promise.all(guests.map(({ mine, own }) => client().restoreLabels({ guest: mine, targets: [own, shared] })));
      check.equal(await portrait(all), before, "the files");
    },
  },
  {
    name: "security: what was labelled is put back after the driver was ended and started",
    group: "restarts",
    needs: LABELS,
    async run(subject, check) {
      const { restart } = subject;
      if (restart === undefined) return check.leaveOut("nobody can restart it here");
      const { client, guest, file, portrait } = await bench(subject, check);
      const [mine, targets] = [await guest(check.profile.fixtures[LABEL]), [await file()]];
      const before = await portrait(targets);
      await client().setLabels({ guest: mine, targets });
      await restart.call(subject);
      await client().restoreLabels({ guest: mine, targets });
      check.equal(await portrait(targets), before, "the file");
    },
  },
  {
    name: "security: a guest has the label that it asks for, and what is no label is refused",
    group: "guests",
    needs: ["generateLabel", "releaseLabel", LABEL],
    async run(subject, check) {
      const { client, guest } = await bench(subject, check);
      const wanted = check.fixture(LABEL);
      for (let round = 1; round <= 10; round++) {
        const mine = await guest(wanted);
        check.equal(mine.label, wanted, `the label, round ${round}`);
        await client().releaseLabel({ guest: mine });
      }
      const names = { uuid: check.newUuid(), name: check.newName() };
      const none = client().generateLabel({
        ...names,
        domainType: "qemu",
        wanted: "no label of anybody's",
        fixed: true,
      });
      await check.refused(none, undefined, "what is no label");
    },
  },
  {
    name: "security: the process that becomes the guest has the guest's label",
    group: "guests",
    needs: ["generateLabel", "processLabel", LABEL],
    async run(subject, check) {
      const { client, guest } = await bench(subject, check);
      const mine = await guest(check.fixture(LABEL));
      const started = await startGuest(check, await wordsBefore(client(), mine));
      if (started.child === undefined) return check.fail(`the guest does not start: ${started.said}`);
      const { label } = await client().processLabel({ pid: started.child.pid ?? 0 });
      check.equal(label, mine.label, "the process's label");
      const own = await client().processLabel({ pid: process.pid });
      check.ok(own.label !== mine.label, "this process has the guest's label");
      await check.refused(client().processLabel({ pid: 0x3fffffff }), undefined, "a process that is not there");
    },
  },
  {
    name: "security: the model has a name",
    group: "guests",
    needs: ["model"],
    async run(subject, check) {
      const { model } = await subject.client().model({});
      check.ok(/^[\w.-]+$/.test(model), `"${model}" cannot stand in a document`);
    },
  },
];

/** What makes a process the guest, as far as this driver has a say in it. */
async function wordsBefore(client: ServiceClient<"security">, guest: SecurityGuest): Promise<string[]> {
  const user = await unlessLacking(client.processIdentity({ guest }), null);
  const { argv } = await unlessLacking(client.guestWrapper({ guest }), { argv: [], newPrivileges: false });
  if (user === null) return argv;
  const groups = user.groups.length === 0 ? "--clear-groups" : `--groups=${user.groups.join(",")}`;
  return ["setpriv", `--reuid=${user.uid}`, `--regid=${user.gid}`, groups, "--", ...argv];
}

async function unlessLacking<T>(answer: Promise<T>, otherwise: T): Promise<T> {
  return answer.catch((error: unknown) => {
    if (error instanceof VirtError && error.code === "NO_SUPPORT") return otherwise;
    throw error;
  });
}

/** A folder of the case's own, and guests whose labels are given back when it is over. */
async function bench(subject: ServiceSubject<"security">, check: Check) {
  const folder = await mkdtemp(join(tmpdir(), "conformance-security-"));
  check.cleanup(() => rm(folder, { recursive: true, force: true }));
  const client = () => subject.client();
  const at = (path: string): SecurityTarget => ({
    path,
    kind: "image",
    readOnly: false,
    shared: false,
    own: false,
    optional: false,
    override: null,
  });
  return {
    client,
    missing: () => at(join(folder, check.newName())),
    async file(name = check.newName()) {
      const path = join(folder, name);
      await writeFile(path, name, { mode: 0o640 });
      return at(path);
    },
    async guest(wanted = "") {
      const names = { uuid: check.newUuid(), name: check.newName() };
      const labels = await client().generateLabel({ ...names, domainType: "qemu", wanted, fixed: wanted !== "" });
      const guest = { ...names, ...labels, relabel: true };
      check.cleanup(() => client().releaseLabel({ guest }));
      return guest;
    },
    portrait: (targets: readonly SecurityTarget[]) => Promise.all(targets.map(({ path }) => portraitOf(path))),
  };
}

const keepsShared = ({ profile }: Check) => profile.traits.includes(KEEPS_SHARED);

/** Without what is remembered for another day. */
function asUsersSeeIt(portrait: string): string {
  return portrait.replaceAll(/^trusted\..*\n/gm, "");
}

/** All that a security driver may put on a file, and what is in the file. */
async function portraitOf(path: string): Promise<string> {
  const { stdout } = await run("stat", ["-c", "%u:%g %a %i", "--", path]);
  const attributes = await run("getfattr", ["-d", "-m", "-", "--absolute-names", "--", path]).then(
    (found) => found.stdout,
    () => "",
  );
  return `${stdout}${attributes}${await readFile(path, "utf8")}`;
}
