import { checkAbiStability, parseDomain } from "@polyvisor/sdk/conf";
import { expectMode, GoldenDifference, type GoldenRun } from "@polyvisor/sdk/golden";
import type { NativeContext } from "../native/index.js";
import { type LibxlFacts, toLibxlJson } from "../native/libxl/index.js";

/** What a member of libxl's JSON says that is not there. */
const UNSAID: Readonly<Record<string, unknown>> = {
  devid: -1,
  rdm_policy: "invalid",
  on_poweroff: "destroy",
  on_reboot: "destroy",
  on_crash: "destroy",
  tsc_mode: "default",
};

/** The document as libxl prints one that it read: nothing that goes without saying, in alphabetical order. */
function normal(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(normal);
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value)
    .map(([name, member]) => [name, normal(member)] as const)
    .filter(([name, member]) => member !== 0 && member !== UNSAID[name] && !isEmpty(member));
  return Object.fromEntries(members.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** A part of libxl's structure is there whether or not anything is in it; an entry of a list counts in any case. */
function isEmpty(value: unknown): boolean {
  return value === undefined || (typeof value === "object" && value !== null && Object.keys(value).length === 0);
}

/** A domain's XML and the JSON of what libxl would be asked to start. */
export function libxlConfig({ hooks }: NativeContext): GoldenRun {
  return async (row, files) => {
    let port = 5900;
    // the data's host, which is made up too
    const facts: LibxlFacts = {
      nestedHvm: true,
      hardwareVirtualization: "vmx",
      nodes: 6,
      freePort: () => port++,
      shadowMemory: () => 1234,
    };
    const made = await expectMode(row, () => {
      const domain = parseDomain(files.text(row.input), { hooks });
      checkAbiStability(domain, domain);
      return toLibxlJson(domain, facts);
    });
    if (made === undefined) return;
    const [actual, expected] = [made, JSON.parse(files.text(row.expected))].map((each) =>
      JSON.stringify(normal(each), undefined, 1),
    );
    if (actual !== expected) throw new GoldenDifference(expected ?? "", actual ?? "");
  };
}
