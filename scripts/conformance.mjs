// Runs the whole kit of hypervisor drivers on every driver of ours, in every mode, and on libvirt's own; takes a while.
// Reports go to .cache/conformance. `npm run conformance -- WORDS` runs those whose names have all the words.
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hypervisorKit, judge, toMarkdown } from "@polyvisor/sdk/conformance";
import {
  behindDaemon,
  behindLibvirtd,
  direct,
  knownNamed,
  profileNamed,
  qemuProfile,
  vboxProfile,
  vboxSettings,
  xenProfile,
  xenSettings,
} from "../test/dist/harness/conformance.js";
import { lxcProfile } from "../test/dist/harness/containers.js";
import { behindHypervStandIn, HYPERV_PROFILE } from "../test/dist/harness/hyperv.js";
import { behindRecordedBhyve, RECORDED_BHYVE_PROFILE } from "../test/dist/harness/recorded-bhyve.js";

const REPORTS = new URL("../.cache/conformance/", import.meta.url).pathname;

const testProfile = () => profileNamed("profile-test");

/** Our drivers: what an operator sets for one with files in `folder`, what it claims, what is known of it. */
const DRIVERS = [
  { driver: "test", profileOf: testProfile, known: "known-test", knownInProcess: "known-test-in-process" },
  { driver: "qemu", profileOf: qemuProfile, known: "known-qemu" },
  { driver: "lxc", profileOf: lxcProfile, known: "known-lxc" },
  { driver: "vbox", settingsOf: vboxSettings, profileOf: vboxProfile, known: "known-vbox" },
  { driver: "xen", settingsOf: xenSettings, profileOf: xenProfile, known: "known-xen" },
];

/** What is judged: its name, how it is made with files of its own in `folder`, what it claims, what is known of it. */
const RUNS = [
  ...DRIVERS.flatMap(({ driver, settingsOf = () => undefined, profileOf, known, knownInProcess = known }) => {
    const judged = async (folder) => ({ driver, settings: await settingsOf(folder) });
    return [
      [`${driver} in-process`, async (folder) => direct(await judged(folder), folder), profileOf, knownInProcess],
      [`${driver} daemon`, async (folder) => behindDaemon(await judged(folder), "in the daemon"), profileOf, known],
      [`${driver} isolated`, async (folder) => behindDaemon(await judged(folder), "isolated"), profileOf, known],
    ];
  }),
  ...["in-process", "in the daemon", "isolated"].map((place) => [
    `hyperv ${place === "in the daemon" ? "daemon" : place}`,
    (folder) => behindHypervStandIn(place, folder),
    () => HYPERV_PROFILE,
    "known-hyperv",
  ]),
  ["bhyve daemon", () => behindRecordedBhyve("in the daemon"), () => RECORDED_BHYVE_PROFILE],
  ["bhyve isolated", () => behindRecordedBhyve("isolated"), () => RECORDED_BHYVE_PROFILE],
  ["test libvirtd", () => behindLibvirtd("test"), () => profileNamed("profile-libvirtd-test"), "known-libvirtd-test"],
  ["qemu libvirtd", () => behindLibvirtd("qemu"), () => profileNamed("profile-libvirtd-qemu"), "known-libvirtd-qemu"],
];

async function run([title, make, profileOf, known]) {
  const folder = await mkdtemp(join(tmpdir(), "conformance-"));
  await chmod(folder, 0o755);
  const subject = await make(folder);
  try {
    const options = { profile: await profileOf(folder), known: known && (await knownNamed(known)), title };
    const report = await judge(hypervisorKit, subject, { ...options, onResult: tellFailure });
    const file = join(REPORTS, title.replaceAll(" ", "-"));
    await writeFile(`${file}.md`, toMarkdown(report));
    await writeFile(`${file}.json`, `${JSON.stringify(report, undefined, 2)}\n`);
    return report;
  } finally {
    await subject.close();
    await rm(folder, { recursive: true, force: true });
  }
}

function tellFailure({ outcome, name, says }) {
  if (outcome === "failed") console.log(`failed: ${name}\n        ${says}`);
}

await mkdir(REPORTS, { recursive: true });
const words = process.argv.slice(2);
for (const each of RUNS.filter(([title]) => words.every((word) => title.includes(word)))) {
  console.log(`== ${each[0]}`);
  const { cases, passed, failed, known, leftOut, stale, milliseconds, ok } = await run(each);
  for (const name of stale) console.log(`known, but no longer so: ${name}`);
  console.log(
    `${cases} cases in ${(milliseconds / 1000).toFixed(1)} s: ${passed} passed, ${failed} failed, ${known} known, ${leftOut} left out`,
  );
  if (!ok) process.exitCode = 1;
}
