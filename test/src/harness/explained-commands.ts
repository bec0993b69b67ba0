import { TEST_DRIVER_CALLS } from "./test-driver-calls.js";

/** A command of which virsh hears otherwise than from libvirt's test driver, as docs/differences.md tells. */
export interface ExplainedCommand {
  /** What its row there begins with. */
  readonly row: string;
  readonly command: RegExp;
  /** What libvirt's driver says. */
  readonly theirs: Pick<RegExp, "test">;
}

const BEYOND = "`test:///default`: console, channels, secrets";
const NOT_SUPPORTED = "this function is not supported by the connection driver: ";

export const EXPLAINED_COMMANDS: readonly ExplainedCommand[] = [
  {
    row: BEYOND,
    command: /./,
    theirs: {
      test: (text) => text.includes(NOT_SUPPORTED) && !TEST_DRIVER_CALLS.some((call) => text.endsWith(`: ${call}`)),
    },
  },
  {
    row: "`test:///default`: starting a domain paused",
    command: /^(start|create) .*--paused$/,
    theirs: /unsupported flags \(0x1\) in function testDomainCreate/,
  },
  {
    row: "`test:///default`: `nodedev-list`",
    command: /^nodedev-list/,
    theirs: /unsupported flags \(0x[48c]0000000\)/,
  },
  {
    row: "`test:///default`: parameters of the scheduler with flags",
    command: /^schedinfo .*--current$/,
    theirs: /unsupported flags \(0x4\) in function testDomainGetSchedulerParametersFlags/,
  },
  // virsh knows filters of lists only where there is a list.
  { row: BEYOND, command: /^secret-list --/, theirs: /Filtering is not supported by this libvirt/ },
  {
    row: "Asking how many parameters there are",
    command: /^domiftune /,
    theirs: /^error: Unable to get interface parameters/,
  },
];

/** Commands that are in no script, and why. */
export const NOT_WALKED: Readonly<Record<string, string>> = {
  console: "it needs a terminal, and libvirt's test driver has none to give",
  "dom-fd-associate": "it sends descriptors, for which no driver inside virsh has a use",
};
