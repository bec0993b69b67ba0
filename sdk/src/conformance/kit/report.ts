export type CaseOutcome = "passed" | "failed" | "known" | "leftOut";

export interface CaseResult {
  readonly name: string;
  readonly group: string;
  readonly outcome: CaseOutcome;
  /** What went wrong; of a case that was left out, what the subject lacks; of a known deviation, what it says. */
  readonly says?: string;
  /** The explanation of a known deviation. */
  readonly because?: string;
  readonly milliseconds: number;
}

/** What a run has found out, to be kept and published. */
export interface Report {
  readonly kit: string;
  readonly contract: string;
  /** What was under test, in its author's words. */
  readonly subject: string;
  /** When the run began, in ISO 8601. */
  readonly began: string;
  readonly milliseconds: number;
  /** How many cases ran: all but those that were left out. */
  readonly cases: number;
  readonly passed: number;
  readonly failed: number;
  readonly known: number;
  readonly leftOut: number;
  /** Cases that are named as known deviations and did not deviate, or are not there at all. */
  readonly stale: readonly string[];
  /** The calls that the subject claims, and those of the contract that it does not. */
  readonly claimed: readonly string[];
  readonly unclaimed: readonly string[];
  readonly results: readonly CaseResult[];
  /** Nothing failed that nobody has explained, and no explanation is stale. */
  readonly ok: boolean;
}

const MARKS: Record<CaseOutcome, string> = { passed: "yes", failed: "**no**", known: "known", leftOut: "" };

/** The report for people. */
export function toMarkdown(report: Report): string {
  const groups = [...new Set(report.results.map(({ group }) => group))];
  const lines = [
    `# Conformance of ${report.subject}`,
    "",
    `Contract ${report.contract}, ${report.began}, ${(report.milliseconds / 1000).toFixed(1)} s: **${report.ok ? "conforms" : "does not conform"}**.`,
    "",
    `${report.cases} cases ran: ${report.passed} passed, ${report.failed} failed, ${report.known} deviate as is known. ${report.leftOut} were left out.`,
    `${report.claimed.length} of ${report.claimed.length + report.unclaimed.length} calls are claimed.`,
    "",
    "| group | passed | failed | known | left out |",
    "|---|---|---|---|---|",
    ...groups.map((group) => groupLine(report.results, group)),
    ...section("Failed", report.results, "failed"),
    ...section("Known deviations", report.results, "known"),
    ...(report.stale.length === 0 ? [] : ["", "## Known deviations that no longer occur", ""]),
    ...report.stale.map((name) => `- ${name}`),
    ...leftOut(report.results),
    "",
    "## Cases",
    "",
    "| case | conforms | ms |",
    "|---|---|---|",
    ...report.results
      .filter(({ outcome }) => outcome !== "leftOut")
      .map(({ name, outcome, milliseconds }) => `| ${cell(name)} | ${MARKS[outcome]} | ${Math.round(milliseconds)} |`),
    "",
    "## Calls that are not claimed",
    "",
    report.unclaimed.length === 0 ? "None." : `${report.unclaimed.join(", ")}.`,
    "",
  ];
  return lines.join("\n");
}

function groupLine(results: readonly CaseResult[], group: string): string {
  const count = (outcome: CaseOutcome) =>
    results.filter((result) => result.group === group && result.outcome === outcome).length;
  return `| ${group} | ${count("passed")} | ${count("failed")} | ${count("known")} | ${count("leftOut")} |`;
}

function section(title: string, results: readonly CaseResult[], outcome: CaseOutcome): string[] {
  const those = results.filter((result) => result.outcome === outcome);
  if (those.length === 0) return [];
  return [
    "",
    `## ${title}`,
    "",
    ...those.map(({ name, says, because }) =>
      [`- ${name}: ${oneLine(says ?? "")}`, ...(because === undefined ? [] : [`  (${oneLine(because)})`])].join("\n"),
    ),
  ];
}

/** What was left out, by what it lacks: there are many of a kind. */
function leftOut(results: readonly CaseResult[]): string[] {
  const counts = new Map<string, number>();
  for (const { outcome, says = "" } of results)
    if (outcome === "leftOut") counts.set(says, (counts.get(says) ?? 0) + 1);
  if (counts.size === 0) return [];
  const lines = [...counts].map(([says, count]) => `- ${oneLine(says)}: ${count}`);
  return ["", "## Left out", "", ...lines];
}

const oneLine = (text: string) => text.replaceAll(/\s+/g, " ").trim();
const cell = (text: string) => oneLine(text).replaceAll("|", "\\|");
