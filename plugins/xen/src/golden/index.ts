import { checkAbiStability, formatDomain, parseDomain } from "@polyvisor/sdk/conf";
import { expectMode, expectUnwrapped, GoldenFiles, type GoldenRun, type GoldenSuites } from "@polyvisor/sdk/golden";
import { xenCapabilities, xenHooks } from "../conf/index.js";
import { convertFromNative, convertToNative, type NativeContext } from "../native/index.js";
import { libxlConfig } from "./libxl-json.js";

/** The made-up host of the data. */
const CAPABILITIES = xenCapabilities({ arch: "x86_64", xenCaps: ["hvm-3.0-x86_64", "xen-3.0-x86_64"] });
const CONTEXT: NativeContext = { capabilities: CAPABILITIES, hooks: xenHooks(CAPABILITIES) };

/** One direction of a native format, as the row says. */
function native(format: string): GoldenRun {
  return async (row, files) => {
    const isXml = row.direction === "xml-to-native";
    const printed = await expectMode(row, () => {
      const text = withPaths(files.text(row.input));
      return isXml ? nativeOfXml(text, format) : xmlOfNative(text, format);
    });
    if (printed !== undefined) expectUnwrapped(new FilledFiles(files.root), row.expected, printed);
  };
}

function nativeOfXml(xml: string, format: string): string {
  const domain = parseDomain(xml, { hooks: CONTEXT.hooks });
  checkAbiStability(domain, domain);
  return convertToNative(format, domain);
}

function xmlOfNative(text: string, format: string): string {
  return formatDomain(convertFromNative(format, text, CONTEXT), { inactive: true, secure: true });
}

/** The data leaves the place of the firmware open. */
function withPaths(text: string): string {
  return text.replaceAll("/LIBXL_FIRMWARE_DIR", "/usr/lib/xen/boot");
}

class FilledFiles extends GoldenFiles {
  override text(relative: string | null | undefined): string {
    return withPaths(super.text(relative));
  }
}

const suites: GoldenSuites = {
  xlconfig: () => native("xen-xl"),
  xmconfig: () => native("xen-xm"),
  libxlxml2domconfig: () => libxlConfig(CONTEXT),
};
export default suites;
