import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type HypervisorSubject,
  hypervisorKit,
  type JudgeOptions,
  judge,
  type Report,
} from "@polyvisor/sdk/conformance";
import test, { type ExecutionContext } from "ava";
import { runCommand } from "./harness/command.js";
import { behindDaemon, behindLibvirtd, direct, knownNamed, profileNamed } from "./harness/conformance.js";
import { program, testWith } from "./harness/needs.js";
import { project } from "./harness/project.js";

const COMMAND = join(project, "cli/bin/polyvisor-conformance.js");
const MINUTES = 10 * 60_000;

/** So few would mean that cases are left out which ought to run. */
const CASES_MIN = 700;

async function conforms(t: ExecutionContext, subject: HypervisorSubject, options: JudgeOptions): Promise<Report> {
  t.timeout(MINUTES);
  try {
    const report = await judge(hypervisorKit, subject, options);
    const failures = report.results.filter(({ outcome }) => outcome === "failed");
    t.deepEqual(
      failures.map(({ name, says }) => `${name}: ${says}`),
      [],
    );
    t.deepEqual(report.stale, []);
    t.log(`${report.cases} cases in ${Math.round(report.milliseconds / 1000)} s`);
    return report;
  } finally {
    await subject.close();
  }
}

/** Tables of calls are the same as in this process, and each end of a daemon takes its time: `npm run conformance` runs them all. */
const isBrief = ({ group, name }: { group: string; name: string }) =>
  !["bad input", "read-only", "unsupported"].includes(group) && (!/killed/.test(name) || /domainCreate$/.test(name));

const LIBVIRTD = [await program("libvirtd")];

test.serial("the test driver conforms, in this process", async (t) => {
  const root = await mkdtemp(join(tmpdir(), "conformance-"));
  t.teardown(() => rm(root, { recursive: true, force: true }));
  const report = await conforms(t, await direct({ driver: "test" }, root), {
    profile: await profileNamed("profile-test"),
    known: await knownNamed("known-test-in-process"),
  });
  t.true(report.cases > CASES_MIN);
});

test.serial("the test driver conforms, behind a daemon that is restarted and killed", async (t) => {
  const report = await conforms(t, await behindDaemon({ driver: "test" }, "in the daemon"), {
    profile: await profileNamed("profile-test"),
    known: await knownNamed("known-test"),
    only: isBrief,
  });
  t.true(report.results.some(({ group, outcome }) => group === "restarts" && outcome === "passed"));
});

test.serial("the test driver conforms, in a process of its own that is killed", async (t) => {
  const report = await conforms(t, await behindDaemon({ driver: "test" }, "isolated"), {
    profile: await profileNamed("profile-test"),
    known: await knownNamed("known-test"),
    only: isBrief,
  });
  t.true(report.results.some(({ group, outcome }) => group === "restarts" && outcome === "passed"));
});

testWith("libvirt's own test driver conforms, but for what is known and explained", LIBVIRTD, async (t) => {
  const report = await conforms(t, await behindLibvirtd("test"), {
    profile: await profileNamed("profile-libvirtd-test"),
    known: await knownNamed("known-libvirtd-test"),
  });
  t.true(report.cases > CASES_MIN);
});

test.serial("the command tells what fails, writes reports and exits as it should", async (t) => {
  const subject = await behindDaemon({ driver: "test" }, "in the daemon");
  const folder = await mkdtemp(join(tmpdir(), "conformance-"));
  t.teardown(async () => {
    await subject.close();
    await rm(folder, { recursive: true, force: true });
  });
  const [json, markdown] = [join(folder, "report.json"), join(folder, "report.md")];
  const args = ["hypervisor", "--uri", subject.daemon.uri("test"), "--only", "^documents", "--json", json];
  const unexplained = await runCommand(process.execPath, [COMMAND, ...args, "--markdown", markdown]);
  t.is(unexplained.code, 1);
  t.regex(unexplained.stdout, /failed: documents: a domain that was only created cannot start by itself/);
  t.regex(unexplained.stdout, /\d+ cases in [\d.]+ s: \d+ passed, 2 failed, 0 known/);
  t.is((JSON.parse(await readFile(json, "utf8")) as Report).failed, 2);
  t.regex(await readFile(markdown, "utf8"), /does not conform/);

  const known = join(project, "docs/conformance/known-test.json");
  const explained = await runCommand(process.execPath, [COMMAND, ...args, "--known", known]);
  t.is(explained.code, 0, explained.stdout);
  t.regex(explained.stdout, /0 failed, 2 known/);
});

test("the command says what it lacks", async (t) => {
  const without = await runCommand(process.execPath, [COMMAND, "hypervisor"]);
  t.deepEqual([without.code, without.stderr.split("\n")[0]], [2, "polyvisor-conformance: --uri is missing"]);
  const unknown = await runCommand(process.execPath, [COMMAND, "no-such-kit", "--uri", "test:///default"]);
  t.deepEqual([unknown.code, unknown.stderr.split("\n")[0]], [2, "polyvisor-conformance: there is no kit no-such-kit"]);
});
