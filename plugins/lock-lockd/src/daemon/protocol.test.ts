import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { VirtError } from "@polyvisor/core";
import test from "ava";
import {
  connectLocks,
  GUEST,
  hasVirtlockd,
  type LockConnection,
  startPolyvisorLockd,
  startVirtlockd,
} from "../testing/daemons.js";

/** One call, on the first connection or on the second, with paths below the folder of the run. */
type Step = readonly [what: string, on: 1 | 2, call: (connection: LockConnection, folder: string) => Promise<unknown>];

const compare = (await hasVirtlockd()) ? test : test.skip;

/** Who holds something when it hangs up is killed by either daemon: that must not be this test. */
const guest = spawn("sleep", ["1000"]);
test.after.always(() => guest.kill());
const OWNER = { ...GUEST, pid: guest.pid ?? 0 };
const OTHER = { ...GUEST, pid: 1 };

const file = (folder: string, name: string, flags = 0) => ({ path: "", name: join(folder, name), flags });
const lease = (folder: string, name: string, flags = 0) => ({ path: join(folder, "space"), name, flags });

const STEPS: readonly Step[] = [
  ["acquire before register", 1, (c, at) => c.acquireResource(file(at, "a"))],
  ["release before register", 1, (c, at) => c.releaseResource(file(at, "a"))],
  ["restrict before register", 1, (c) => c.restrict({ flags: 0 })],
  ["new before register", 1, (c, at) => c.new({ path: join(at, "space"), flags: 0 })],
  ["create before register", 1, (c, at) => c.createResource(lease(at, "r"))],
  ["delete before register", 1, (c, at) => c.deleteResource(lease(at, "r"))],
  ["a lockspace before register", 1, (c, at) => c.createLockspace({ path: join(at, "early/below") })],
  ["the same lockspace again", 1, (c, at) => c.createLockspace({ path: join(at, "early/below") })],
  ["the default lockspace", 1, (c) => c.createLockspace({ path: "" })],
  ["a lockspace where a file is", 1, (c, at) => c.createLockspace({ path: join(at, "a") })],
  ["a lockspace below a file", 1, (c, at) => c.createLockspace({ path: join(at, "a/below") })],
  ["register nobody", 1, (c) => c.register({ owner: { ...OWNER, id: 0 }, flags: 0 })],
  ["register with flags", 1, (c) => c.register({ owner: OWNER, flags: 1 })],
  ["register", 1, (c) => c.register({ owner: OWNER, flags: 0 })],
  ["register again", 1, (c) => c.register({ owner: OWNER, flags: 0 })],
  ["new", 1, (c, at) => c.new({ path: join(at, "space"), flags: 0 })],
  ["new again", 1, (c, at) => c.new({ path: join(at, "space"), flags: 0 })],
  ["new without a path", 1, (c) => c.new({ path: "", flags: 0 })],
  ["new with flags", 1, (c, at) => c.new({ path: join(at, "other"), flags: 1 })],
  ["new below a file", 1, (c, at) => c.new({ path: join(at, "a/below"), flags: 0 })],
  ["acquire", 1, (c, at) => c.acquireResource(file(at, "a"))],
  ["acquire again", 1, (c, at) => c.acquireResource(file(at, "a"))],
  ["acquire shared what is exclusive", 1, (c, at) => c.acquireResource(file(at, "a", 1))],
  ["acquire with a flag that nobody knows", 1, (c, at) => c.acquireResource(file(at, "b", 8))],
  ["acquire metadata", 1, (c, at) => c.acquireResource(file(at, "b", 4))],
  ["release metadata", 1, (c, at) => c.releaseResource(file(at, "b", 4))],
  ["acquire what is not there", 1, (c, at) => c.acquireResource(file(at, "none"))],
  ["acquire what is created", 1, (c, at) => c.acquireResource(file(at, "auto", 2))],
  ["acquire below a file", 1, (c, at) => c.acquireResource(file(at, "b/none", 2))],
  ["acquire a folder", 1, (c, at) => c.acquireResource(file(at, "folder"))],
  ["acquire nothing", 1, (c) => c.acquireResource({ path: "", name: "", flags: 0 })],
  ["acquire in no lockspace", 1, (c) => c.acquireResource({ path: "/nowhere", name: "r", flags: 0 })],
  ["acquire by another name", 1, (c, at) => c.acquireResource(file(at, "link"))],
  ["release by another name", 1, (c, at) => c.releaseResource(file(at, "link"))],
  ["acquire a lease that is not there", 1, (c, at) => c.acquireResource(lease(at, "r"))],
  ["create a lease", 1, (c, at) => c.createResource(lease(at, "r"))],
  ["create a lease with flags", 1, (c, at) => c.createResource(lease(at, "r", 1))],
  ["create it again", 1, (c, at) => c.createResource(lease(at, "r"))],
  ["acquire it", 1, (c, at) => c.acquireResource(lease(at, "r"))],
  ["create it while it is held", 1, (c, at) => c.createResource(lease(at, "r"))],
  ["delete it while it is held", 1, (c, at) => c.deleteResource(lease(at, "r"))],
  ["create where no folder is", 1, (c, at) => c.createResource(lease(at, "no/r"))],
  ["create in no lockspace", 1, (c) => c.createResource({ path: "/nowhere", name: "r", flags: 0 })],
  ["delete what is not there", 1, (c, at) => c.deleteResource(lease(at, "none"))],
  ["delete a folder", 1, (c, at) => c.deleteResource(file(at, "folder"))],
  ["delete in no lockspace", 1, (c) => c.deleteResource({ path: "/nowhere", name: "r", flags: 0 })],
  ["release what is not held", 1, (c, at) => c.releaseResource(file(at, "c"))],
  ["release in no lockspace", 1, (c) => c.releaseResource({ path: "/nowhere", name: "r", flags: 0 })],
  ["release with flags", 1, (c, at) => c.releaseResource(file(at, "a", 1))],
  ["acquire shared", 1, (c, at) => c.acquireResource(file(at, "c", 1))],
  ["acquire shared again", 1, (c, at) => c.acquireResource(file(at, "c", 1))],
  ["acquire exclusive what is shared", 1, (c, at) => c.acquireResource(file(at, "c"))],
  ["another owner", 2, (c) => c.register({ owner: OTHER, flags: 0 })],
  ["acquire what another has", 2, (c, at) => c.acquireResource(file(at, "a"))],
  ["release what another has", 2, (c, at) => c.releaseResource(file(at, "a"))],
  ["acquire shared with another", 2, (c, at) => c.acquireResource(file(at, "c", 1))],
  ["release shared", 1, (c, at) => c.releaseResource(file(at, "c"))],
  ["release shared once more", 1, (c, at) => c.releaseResource(file(at, "c"))],
  ["release shared too often", 1, (c, at) => c.releaseResource(file(at, "c"))],
  ["release the last", 2, (c, at) => c.releaseResource(file(at, "c"))],
  ["acquire exclusive what was shared", 2, (c, at) => c.acquireResource(file(at, "c"))],
  ["release it", 2, (c, at) => c.releaseResource(file(at, "c"))],
  ["release what was created", 1, (c, at) => c.releaseResource(file(at, "auto"))],
  ["release the lease", 1, (c, at) => c.releaseResource(lease(at, "r"))],
  ["delete the lease", 1, (c, at) => c.deleteResource(lease(at, "r"))],
  ["create shared", 1, (c, at) => c.acquireResource(lease(at, "many", 3))],
  ["share what was created", 2, (c, at) => c.acquireResource(lease(at, "many", 3))],
  ["release it once", 1, (c, at) => c.releaseResource(lease(at, "many"))],
  ["what is left", 1, (_c, at) => readdir(join(at, "space"))],
  ["release it for good", 2, (c, at) => c.releaseResource(lease(at, "many"))],
  ["what is left then", 1, (_c, at) => readdir(join(at, "space"))],
  ["files that are left", 1, async (_c, at) => (await readdir(at)).sort()],
  ["release all", 1, (c, at) => c.releaseResource(file(at, "a"))],
  ["restrict with flags", 1, (c) => c.restrict({ flags: 1 })],
  ["restrict", 1, (c) => c.restrict({ flags: 0 })],
  ["restrict again", 1, (c) => c.restrict({ flags: 0 })],
  ["register when restricted", 1, (c) => c.register({ owner: OWNER, flags: 0 })],
  ["acquire when restricted", 1, (c, at) => c.acquireResource(file(at, "a"))],
  ["flags are looked at first", 1, (c, at) => c.acquireResource(file(at, "a", 8))],
  ["release when restricted", 1, (c, at) => c.releaseResource(file(at, "a"))],
  ["create when restricted", 1, (c, at) => c.createResource(lease(at, "r"))],
  ["delete when restricted", 1, (c, at) => c.deleteResource(lease(at, "r"))],
  ["new when restricted", 1, (c, at) => c.new({ path: join(at, "x"), flags: 0 })],
  ["a lockspace when restricted", 1, (c, at) => c.createLockspace({ path: join(at, "x") })],
];

/** What libvirt's daemon answers otherwise, and ours: see docs/plugins/lock-lockd.md. */
const EXPLAINED: Readonly<Record<string, readonly [libvirt: string, ours: string]>> = {
  "new below a file": ["ok", "SYSTEM_ERROR LOCKSPACE 20: Unable to create lockspace FOLDER/a/below: Not a directory"],
  "acquire metadata": [
    "INVALID_ARG RPC: unsupported flags (0x4) in function virLockSpaceProtocolDispatchAcquireResource",
    "ok",
  ],
  "release metadata": [
    "INVALID_ARG RPC: unsupported flags (0x4) in function virLockSpaceProtocolDispatchReleaseResource",
    "ok",
  ],
  "acquire by another name": [
    "ok",
    "RESOURCE_BUSY LOCKSPACE: resource busy: Lockspace resource 'FOLDER/link' is locked",
  ],
  "release by another name": [
    "ok",
    "RESOURCE_BUSY LOCKSPACE: resource busy: Lockspace resource 'FOLDER/link' is not locked",
  ],
};

async function answersOf(socket: string, folder: string): Promise<ReadonlyMap<string, string>> {
  for (const name of ["a", "b", "c"]) await writeFile(join(folder, name), "");
  await mkdir(join(folder, "folder"));
  await symlink(join(folder, "a"), join(folder, "link"));
  const connections = { 1: await connectLocks(socket), 2: await connectLocks(socket) };
  const answers = new Map<string, string>();
  for (const [what, on, call] of STEPS) {
    const answer = await call(connections[on], folder).then(wordsOf, errorWords);
    answers.set(what, answer.replaceAll(folder, "FOLDER"));
  }
  for (const { client } of Object.values(connections)) await client.close();
  return answers;
}

function wordsOf(result: unknown): string {
  return result === undefined ? "ok" : JSON.stringify(result);
}

function errorWords(error: unknown): string {
  if (!(error instanceof VirtError)) throw error;
  const { code, domain, errno, caller, message } = error;
  const numbers = [errno, caller].filter((each) => each !== undefined && !message.includes(String(each)));
  return `${[code, domain, ...numbers].join(" ")}: ${message}`;
}

compare("each call is answered as by virtlockd", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "lock-protocol-"));
  const folders = { libvirt: join(folder, "libvirt"), ours: join(folder, "ours") };
  for (const each of Object.values(folders)) await mkdir(join(each, "files"), { recursive: true });
  const [libvirt, ours] = await Promise.all([startVirtlockd(folders.libvirt), startPolyvisorLockd(folders.ours)]);
  try {
    const expected = await answersOf(libvirt.socket, join(folders.libvirt, "files"));
    const answers = await answersOf(ours.socket, join(folders.ours, "files"));
    for (const [what] of STEPS) {
      const pair = [expected.get(what), answers.get(what)];
      const explained = EXPLAINED[what];
      if (explained === undefined) t.is(pair[1], pair[0], what);
      else t.deepEqual(pair, [...explained], what);
    }
  } finally {
    ours.process.kill("SIGTERM");
    await libvirt.kill();
    await rm(folder, { recursive: true, force: true });
  }
});
