import { PERMISSIONS } from "./permissions.js";
import { actionOf } from "./polkit.js";

/** An action of polkit, and whether everybody may use it where no rule says anything. */
export interface PolkitAction {
  readonly id: string;
  /** `object:permission` */
  readonly asked: string;
  readonly isForAll: boolean;
}

/** What lets a client look, as libvirt's own policy sees it: a node device's description is the one exception. */
function isForAll(object: string, permission: string): boolean {
  if (object === "connect" && permission.startsWith("search_")) return true;
  return permission === "getattr" || (permission === "read" && object !== "node_device");
}

/** The action of each permission that some call needs. */
export function polkitActions(): PolkitAction[] {
  return PERMISSIONS.map((asked) => {
    const [object = "", permission = ""] = asked.split(":");
    return { id: actionOf(object, permission), asked, isForAll: isForAll(object, permission) };
  });
}

/** The file that polkit reads its actions from, `polkit/org.libvirt.api.policy` of this package. */
export function polkitPolicyFile(): string {
  const actions = polkitActions().map(({ id, asked, isForAll }) => {
    const answer = isForAll ? "yes" : "no";
    const defaults = ["any", "inactive", "active"].map((who) => `      <allow_${who}>${answer}</allow_${who}>\n`);
    return `  <action id="${id}">
    <description>The permission ${asked} on virtual machines and what they use</description>
    <message>Who has the permission ${asked} is decided by the rules of this host</message>
    <defaults>
${defaults.join("")}    </defaults>
  </action>
`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE policyconfig PUBLIC "-//freedesktop//DTD PolicyKit Policy Configuration 1.0//EN"
  "http://www.freedesktop.org/standards/PolicyKit/1.0/policyconfig.dtd">
<!-- For hosts without libvirt's own file of this name: the actions that polyvisord asks about where "polkit" is among its
     access_drivers. Goes to /usr/share/polkit-1/actions. Written by scripts/polkit-policy.mjs. -->
<policyconfig>
  <vendor>Polyvisor</vendor>
${actions.join("")}</policyconfig>
`;
}
