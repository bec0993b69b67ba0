import { GUEST_ABILITIES } from "./guest-abilities.js";
import { escapePath, quotePath } from "./path-pattern.js";

/** What a guest's profile depends on beside its targets. */
export interface ProfileTerms {
  /** `libvirt-` and the guest's UUID. */
  readonly profile: string;
  /** The guest's name, for its log. */
  readonly guest: string;
  /** The file with the rules of its targets, which change while it runs. */
  readonly rulesFile: string;
  /** `/var/log/libvirt` and `/run/libvirt` in libvirt's layout. */
  readonly logFolder: string;
  readonly runFolder: string;
  /** The profile of the manager's own process; absent where it has none, as is usual. */
  readonly manager?: string;
  /** Emulators outside the usual places. */
  readonly emulators: readonly string[];
}

export const PROFILE_PREFIX = "libvirt-";
/** Who wrote a file; nobody else's is ever overwritten or removed. */
export const OURS = "# Made by Polyvisor for one run of a guest, and gone with it: changes are lost.";

export function profileOf(uuid: string): string {
  return `${PROFILE_PREFIX}${uuid}`;
}

/** A guest's profile, but for its targets. */
export function profileText(terms: ProfileTerms): string {
  const { profile, rulesFile, emulators } = terms;
  const groups = [
    ...GUEST_ABILITIES,
    { what: "its own log and process file", rules: ownFiles(terms) },
    { what: "its manager", rules: managerRules(terms.manager) },
    { what: "emulators of this site", rules: emulators.map((path) => `${quotePath(path)} rmix,`) },
    {
      what: "additions of this site, and what belongs to this guest",
      rules: ["include if exists <local/abstractions/libvirt-qemu>", `include ${quotePath(rulesFile)}`],
    },
  ];
  const body = groups
    .filter(({ rules }) => rules.length > 0)
    .map(({ what, rules }) => [`  # ${what}`, ...rules.map((rule) => `  ${rule}`)].join("\n"));
  return `${OURS}\n\ninclude <tunables/global>\n\nprofile ${profile} flags=(attach_disconnected) {\n${body.join("\n\n")}\n}\n`;
}

/** The file that the profile includes. */
export function rulesText(rules: readonly string[]): string {
  return [OURS, ...rules, ""].join("\n");
}

function ownFiles({ guest, logFolder, runFolder }: ProfileTerms): readonly string[] {
  const name = escapePath(guest);
  return [`${quotePath(logFolder, `/**/${name}.log`)} w,`, `${quotePath(runFolder, `/**/${name}.pid`)} rwk,`];
}

/** It stops the guest, looks at it, and hands it connections to its screen. */
function managerRules(manager = "unconfined"): readonly string[] {
  const peer = quotePath(manager);
  return [
    `ptrace (readby, tracedby) peer=${peer},`,
    `signal (receive) peer=${peer},`,
    `unix (send, receive) type=stream addr=none peer=(label=${peer}),`,
  ];
}
