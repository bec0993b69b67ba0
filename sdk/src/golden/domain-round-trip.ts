import { checkAbiStability, formatDomain, type ParseOptions, parseDomain } from "../conf/index.js";
import type { GoldenRun } from "./case.js";
import { expectMode, expectUnwrapped } from "./compare.js";

/** Reads a domain and prints it again; what was read must be a guest that can take its own place. */
export function domainRoundTrip(options: ParseOptions): GoldenRun {
  return async (row, files) => {
    const inactive = row.live !== true;
    const skipDefaults = hasFlag(row.parseFlags, "SKIP_POST_PARSE");
    const printed = await expectMode(row, () => {
      const domain = parseDomain(files.text(row.input), { ...options, inactive, skipDefaults });
      checkAbiStability(domain, domain);
      return formatDomain(domain, { inactive, secure: true });
    });
    if (printed !== undefined) expectUnwrapped(files, row.expected ?? row.input, printed);
  };
}

function hasFlag(flags: unknown, name: string): boolean {
  const list = Array.isArray(flags) ? flags : [flags];
  return list.some((flag) => typeof flag === "string" && flag.endsWith(name));
}
