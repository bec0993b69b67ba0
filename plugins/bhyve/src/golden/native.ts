import { checkAbiStability, formatDomain } from "@polyvisor/sdk/conf/domain";
import { expectMode, expectUnwrapped, type GoldenRun } from "@polyvisor/sdk/golden";
import { readNative } from "../native/index.js";
import { newMac } from "./rows.js";

const newUuid = () => "c7a5fdbd-edaf-9455-926a-d65c16db1809";

/** From the commands of a guest to a document; what is left out is warned of. */
export function bhyveargv2xml(): GoldenRun {
  return async (row, files) => {
    const read = await expectMode(row, () => readNative(files.text(row.input), { newUuid, newMac }));
    if (read === undefined) return;
    const { domain, warnings } = read;
    checkAbiStability(domain, domain);
    if (warnings.length > 0 !== (row.expectWarning === true))
      throw new Error(`warnings: ${warnings.join(", ") || "none"}`);
    expectUnwrapped(files, row.expected, formatDomain(domain, { secure: true }));
  };
}
