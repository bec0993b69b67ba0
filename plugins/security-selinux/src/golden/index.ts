import { type DomainHooks, parseDomain } from "@polyvisor/sdk/conf/domain";
import { GoldenDifference, type GoldenRun, type GoldenSuites } from "@polyvisor/sdk/golden";
import { domainTargets } from "@polyvisor/sdk/labels";
import { parseGuestContexts } from "../guest-contexts.js";
import { labelItem } from "../target-label.js";

/** The policy that the data was made for. */
const CONTEXTS = parseGuestContexts(
  "system_u:system_r:svirt_t:s0\n",
  "system_u:object_r:svirt_image_t:s0\nsystem_u:object_r:virt_content_t:s0\n",
);
/** Any hypervisor's: a screen has a video card. */
const HOOKS: DomainHooks = {
  devices: { video: (video) => ({ ...video, model: { ...video.model, type: video.model.type ?? "vga" } }) },
};
/** A file system that has no labels. */
const UNSUPPORTED = /^\/nfs\//;

/**
 * A guest's configuration, and the label of each of its files once all are labelled, in lines `PATH;LABEL`. Files that are not
 * listed are not there.
 */
function securityselinuxlabel(): GoldenRun {
  return async (row, files) => {
    const config = parseDomain(files.text(row.input), { inactive: false, hooks: HOOKS });
    const label = config.seclabels.find(({ model }) => model === "selinux");
    if (label === undefined || CONTEXTS === undefined) throw new Error("the guest has no label");
    const guest = { imageLabel: label.imagelabel ?? "", relabel: label.relabel === "yes" };
    const targets = await domainTargets(config, { model: "selinux", filesArePassed: false });
    const made = new Map(
      targets.flatMap((target) => {
        const item = labelItem(target, guest, CONTEXTS);
        return item === undefined ? [] : [[item.path, item.label] as const];
      }),
    );
    const lines = files
      .text(row.expected)
      .split("\n")
      .filter((line) => line !== "");
    const actual = lines.map((line) => {
      const path = line.split(";")[0] ?? "";
      return `${path};${made.has(path) && UNSUPPORTED.test(path) ? "EOPNOTSUPP" : (made.get(path) ?? "")}`;
    });
    if (actual.join("\n") !== lines.join("\n")) throw new GoldenDifference(lines.join("\n"), actual.join("\n"));
  };
}

/** The suites of libvirt's test data that are about SELinux. */
const suites: GoldenSuites = { securityselinuxlabel };
export default suites;
