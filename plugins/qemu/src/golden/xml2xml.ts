import { checkAbiStability, formatDomain, parseDomain } from "@polyvisor/sdk/conf";
import { expectMode, expectUnwrapped, type GoldenRun } from "@polyvisor/sdk/golden";
import { qemuHooks } from "../conf/index.js";
import { listField } from "./fields.js";
import { COUNTED_UUID, FOLDERS, hostOf } from "./folders.js";
import { RowCapabilities } from "./row-capabilities.js";

/** A document through our model and back, as a configuration and as that of a running guest. */
export function qemuxml2xml(): GoldenRun {
  const capabilities = new RowCapabilities(false);
  return async (row, files) => {
    const caps = capabilities.of(row, files);
    const inactive = row.live !== true;
    const printed = await expectMode(row, () => {
      const domain = parseDomain(files.text(row.input), {
        hooks: qemuHooks(caps, FOLDERS, hostOf(row, caps.arch)),
        newUuid: () => COUNTED_UUID,
        inactive,
        abiUpdate: listField(row, "parseFlags").includes("VIR_DOMAIN_DEF_PARSE_ABI_UPDATE"),
      });
      // a configuration that did not pass as its own could not be restored nor migrated
      checkAbiStability(domain, domain);
      return formatDomain(domain, { inactive, secure: true });
    });
    if (printed !== undefined) expectUnwrapped(files, row.expected, printed);
  };
}
