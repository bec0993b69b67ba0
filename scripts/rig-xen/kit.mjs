import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { hypervisorKit, judge, TRAITS, toMarkdown } from "@polyvisor/sdk/conformance";
import { behindDaemon, direct, knownNamed } from "../../test/dist/harness/conformance.js";
import { document, MINUTES, placeOf } from "./dom0.mjs";

const REPORTS = new URL("../../.cache/conformance/", import.meta.url).pathname;

const DISK = `<disk type='file' device='disk'><driver name='phy' type='raw'/><source file='/guests/disk2.img'/>
  <target dev='xvdb' bus='xen'/></disk>`;

/** What the driver is judged by on a dom0 whose guests boot, and take their time to do so. */
const PROFILE = {
  fixtures: { domain: document("{name}", "{uuid}"), device: DISK, liveDevice: DISK },
  traits: [TRAITS.guestsRun, TRAITS.keepsDefinitions, TRAITS.keepsGuests, TRAITS.idsOfRuns],
};

const MAKERS = {
  "in-process": (judged, folder) => direct(judged, folder),
  daemon: (judged) => behindDaemon(judged, "in the daemon"),
};

/**
 * The kit of hypervisor drivers. `ONLY` chooses cases by a pattern of their groups and names. A case that gives a start 30
 * seconds fails where the machine is too busy to boot a guest in that time.
 */
export const kit = (way) => async (dom0) => {
  const settings = { dom0: placeOf(dom0), timeout: 120 };
  const subject = await MAKERS[way]({ driver: "xen", settings }, join(dom0.folder, "kit"));
  const only = new RegExp(process.env.ONLY ?? "");
  try {
    const report = await judge(hypervisorKit, subject, {
      profile: PROFILE,
      known: await knownNamed("known-xen"),
      title: `xen ${way}, on a real Xen`,
      deadline: MINUTES,
      only: ({ name, group }) => only.test(`${group}: ${name}`),
      onResult: tell,
    });
    await mkdir(REPORTS, { recursive: true });
    await writeFile(join(REPORTS, `xen-rig-${way}.md`), toMarkdown(report));
    await writeFile(join(REPORTS, `xen-rig-${way}.json`), `${JSON.stringify(report, undefined, 2)}\n`);
    const { cases, passed, failed, known, leftOut, stale, ok } = report;
    console.log(`# ${cases} cases: ${passed} passed, ${failed} failed, ${known} known, ${leftOut} left out`);
    if (!ok) throw new Error(`the kit fails${stale.map((name) => `; known, but no longer so: ${name}`).join("")}`);
  } finally {
    await subject.close();
  }
};

function tell({ outcome, name, says, milliseconds }) {
  if (outcome === "failed") console.log(`# failed: ${name}\n#   ${says}`);
  else if (process.env.ALL !== undefined) console.log(`# ${outcome} ${name} (${(milliseconds / 1000).toFixed(1)} s)`);
}
