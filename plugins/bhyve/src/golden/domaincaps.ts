import { formatDomainCapabilities } from "@polyvisor/sdk/conf/domain-capabilities";
import { expectUnwrapped, type GoldenRun, OtherDriversRow } from "@polyvisor/sdk/golden";
import { bhyveDomainCapabilities } from "../conf/domain-capabilities.js";
import { featuresOf } from "./rows.js";

/** The images of the data's host. */
const FIRMWARES = ["/foo/bar", "/foo/baz"];

/** What guests can have, as a document. */
export function domaincaps(): GoldenRun {
  return (row, files) => {
    if (row.capsType !== "CAPS_BHYVE") throw new OtherDriversRow("the row is another driver's");
    const wish = { emulator: String(row.emulator), arch: String(row.arch) };
    const capabilities = bhyveDomainCapabilities(wish, featuresOf(row).bhyve, FIRMWARES);
    expectUnwrapped(files, row.expected, formatDomainCapabilities(capabilities));
  };
}
