import { type AccessPolicy, VirtError } from "@polyvisor/core";
import { type PolkitAuthority, polkitSubject } from "../auth/polkit.js";

/** polkit's action for a permission: those of libvirt's own policy, so that the rules that a host has for them count here. */
export function actionOf(object: string, permission: string): string {
  return `org.libvirt.api.${object}.${permission}`.replaceAll("_", "-");
}

/**
 * The access driver "polkit": its rules decide about each permission, by who asks and by the object's attributes. Nobody is
 * asked for a password meanwhile. polkit itself allows root everything; so does this without polkit, which can be mended then.
 */
export function polkitPolicy(authority: PolkitAuthority): AccessPolicy {
  return {
    allows({ identity, object, permission, attributes }) {
      if (identity.uid === 0) return true;
      const subject = polkitSubject(identity);
      if (subject === undefined)
        throw new VirtError("AUTH_FAILED", "polkit knows processes of this host only, and the client is none", {
          domain: "POLKIT",
          hint: "who comes over a network needs another access driver",
        });
      const action = actionOf(object, permission);
      const question = { subject, action, details: attributes, mayAskUser: false };
      return authority.check(question).then((verdict) => verdict === "authorized");
    },
  };
}

/** Why polkit cannot decide now; `undefined` where it can. It is asked about this process, whatever it says. */
export async function whyNoPolkit(authority: PolkitAuthority): Promise<VirtError | undefined> {
  const subject = polkitSubject({ pid: process.pid, uid: process.getuid?.() ?? 0 });
  if (subject === undefined) return undefined;
  const details = { connect_driver: "QEMU" };
  try {
    await authority.check({ subject, action: actionOf("connect", "getattr"), details, mayAskUser: false });
    return undefined;
  } catch (error) {
    return VirtError.from(error);
  }
}
