import { dirname, join } from "node:path";
import {
  type Applicability,
  HOST_INFO,
  type HostInfo,
  PLUGIN_CONFIG,
  type SecurityDriver,
  type SecurityGuest,
  type SecurityTarget,
  VirtError,
} from "@polyvisor/core";
import { inject, injectable } from "tsyringe";
import { ApparmorHost } from "./apparmor-host.js";
import { refuseSystemFiles } from "./forbidden.js";
import { GuestProfile } from "./guest-profile.js";
import { ProfileParser } from "./parser.js";
import { profileOf, profileText } from "./profile.js";
import { withRealPaths } from "./real-paths.js";
import { Turns } from "./turns.js";

/** What the operator may set in `plugins/security-apparmor.conf`; the manifest's schema says more. */
export interface ApparmorConfig {
  readonly profile_dir: string;
  readonly emulators: readonly string[];
}

/** The machine as the driver sees it; another one only in tests of hosts that are not here. */
export interface ApparmorParts {
  readonly kernel: ApparmorHost;
  readonly parser: ProfileParser;
}

type Named = Pick<SecurityGuest, "uuid" | "name" | "label">;
type LabelArgs = { readonly guest: SecurityGuest; readonly targets: readonly SecurityTarget[] };

/** A start that lasts longer is over: what it left is nobody's. */
const LONGEST_START = 120_000;

/**
 * A guest's label is a profile of its own that names what the guest may reach. It is loaded before the guest starts, changed
 * when devices come and go, and unloaded once the guest is gone. Files themselves bear no labels.
 */
@injectable()
export class ApparmorDriver implements SecurityDriver {
  readonly #info: HostInfo;
  readonly #config: ApparmorConfig;
  readonly #kernel: ApparmorHost;
  readonly #parser: ProfileParser;
  readonly #turns = new Turns();
  #swept: Promise<void> | undefined;

  constructor(
    @inject(HOST_INFO as symbol) info: HostInfo,
    @inject(PLUGIN_CONFIG as symbol) config: ApparmorConfig,
    parts: ApparmorParts = { kernel: new ApparmorHost(), parser: new ProfileParser() },
  ) {
    this.#info = info;
    this.#config = config;
    this.#kernel = parts.kernel;
    this.#parser = parts.parser;
  }

  /** Throws where the kernel has AppArmor and something else is missing: guests would start unconfined. */
  async probe(): Promise<Applicability> {
    if (!this.#kernel.isEnabled) return { usable: false, reason: "the kernel runs without AppArmor" };
    if (this.#info.mode === "session") return { usable: false, reason: "only root may load profiles of AppArmor" };
    if (!this.#kernel.canLoad) {
      throw new Error("the kernel has AppArmor, but its files are not there: mount securityfs on /sys/kernel/security");
    }
    const sample = profileOf("00000000-0000-0000-0000-000000000000");
    await this.#parser.check(this.#textOf(sample, "sample", "/dev/null"));
    return { usable: true, detail: `profiles in ${this.#folder}` };
  }

  model() {
    return { model: "apparmor", doi: "0", baseLabels: [] };
  }

  async generateLabel({ uuid, wanted, fixed }: { uuid: string; wanted: string; fixed: boolean }) {
    await this.#sweepOnce();
    if (fixed) return sameLabel(this.#loaded(wanted));
    if (wanted !== "") throw noBaseLabel();
    const label = profileOf(uuid);
    await this.#turns.take(label, () => this.#dropStale(this.#profile(label)));
    return sameLabel(label);
  }

  /** A profile that somebody else has loaded stays. */
  async releaseLabel({ guest }: { readonly guest: Named }): Promise<void> {
    if (!isOwn(guest)) return;
    await this.#turns.take(guest.label, () => this.#unload(this.#profile(guest.label)));
  }

  async setLabels({ guest, targets }: LabelArgs): Promise<void> {
    if (!isOwn(guest)) return;
    const found = await withRealPaths(targets);
    refuseSystemFiles(found);
    await this.#turns.take(guest.label, async () => {
      const profile = this.#profile(guest.label);
      const before = await profile.targets();
      const now = [...without(before, found), ...found];
      await this.#change(guest, profile, before, now);
    });
  }

  /** A file that is gone by now has the name that it had. */
  async restoreLabels({ guest, targets }: LabelArgs): Promise<void> {
    if (!isOwn(guest)) return;
    const found = await withRealPaths(targets.map((target) => ({ ...target, optional: true })));
    await this.#turns.take(guest.label, async () => {
      const profile = this.#profile(guest.label);
      if ((await profile.owner()) !== "ours") return;
      const before = await profile.targets();
      const now = without(before, [...found, ...targets]);
      // With its last target the guest is gone, too: its profile goes with its label.
      if (now.length === 0) await profile.writeTargets(now);
      else if (now.length < before.length) await this.#change(guest, profile, before, now);
    });
  }

  /** A guest that reaches nothing has a profile all the same. */
  async guestWrapper({ guest }: { readonly guest: SecurityGuest }) {
    if (isOwn(guest) && !this.#kernel.profiles()?.has(guest.label)) await this.setLabels({ guest, targets: [] });
    // A process that is confined already may gain nothing by another profile once it has given that up.
    return { argv: wrapperOf(guest.label), newPrivileges: this.#manager !== undefined };
  }

  processIdentity(): null {
    return null;
  }

  processLabel({ pid }: { readonly pid: number }) {
    const found = this.#kernel.confinementOf(pid);
    if (found === undefined) {
      throw new VirtError("SYSTEM_ERROR", `unable to get PID ${pid} security context: No such process`);
    }
    const [label, isEnforced] = found;
    return { label, enforcing: isEnforced ? 1 : 0 };
  }

  /** The profile of this process, where it has one. */
  get #manager(): string | undefined {
    const [profile = "unconfined"] = this.#kernel.confinementOf("self") ?? [];
    return profile === "unconfined" ? undefined : profile;
  }

  get #folder(): string {
    return this.#config.profile_dir || join(dirname(this.#info.paths.config), "apparmor.d/libvirt");
  }

  #profile(name: string): GuestProfile {
    return new GuestProfile(this.#folder, name);
  }

  #textOf(profile: string, guest: string, rulesFile: string): string {
    const { log, run } = this.#info.paths;
    const terms = { profile, guest, rulesFile, logFolder: log, runFolder: run, emulators: this.#config.emulators };
    const manager = this.#manager;
    return profileText(manager === undefined ? terms : { ...terms, manager });
  }

  /** The rules of before stay where the parser refuses the new ones. */
  async #change(
    guest: Named,
    profile: GuestProfile,
    before: readonly SecurityTarget[],
    now: readonly SecurityTarget[],
  ): Promise<void> {
    const owner = await profile.owner();
    if (owner === "another's") throw inUse(profile.file);
    await profile.writeTargets(now);
    try {
      if (owner === "nobody's") await profile.write(this.#textOf(profile.name, guest.name, profile.rulesFile));
      await this.#parser.load(profile.file, profile.name);
    } catch (error) {
      if (owner === "nobody's") await profile.remove();
      else await profile.writeTargets(before);
      throw error;
    }
  }

  async #unload(profile: GuestProfile): Promise<void> {
    if ((await profile.owner()) !== "ours") return;
    if (this.#kernel.profiles()?.has(profile.name)) await this.#parser.unload(profile.file, profile.name);
    await profile.remove();
  }

  /** Takes away what a run of the guest has left that nobody ended. A process that is left, too, would be free without it. */
  async #dropStale(profile: GuestProfile): Promise<void> {
    if ((await profile.owner()) !== "ours") return;
    if ((await this.#kernel.profilesInUse()).has(profile.name)) throw stillRuns(profile.name);
    await this.#unload(profile);
  }

  #loaded(profile: string): string {
    if (this.#kernel.profiles()?.has(profile)) return profile;
    throw new VirtError("XML_ERROR", `Invalid security label '${profile}'`, {
      domain: "SECURITY",
      hint: "a label of type 'static' names a profile that is loaded; aa-status lists them",
    });
  }

  /** Takes away what guests have left whose manager ended in the midst of their start or their end. */
  #sweepOnce(): Promise<void> {
    this.#swept ??= this.#sweep();
    return this.#swept;
  }

  async #sweep(): Promise<void> {
    const old = await GuestProfile.writtenBefore(this.#folder, Date.now() - LONGEST_START);
    const used = old.length === 0 ? new Set<string>() : await this.#kernel.profilesInUse();
    for (const profile of old.filter(({ name }) => !used.has(name))) {
      // One that cannot be taken away harms nobody: its guest replaces it.
      await this.#turns.take(profile.name, () => this.#unload(profile)).catch(() => {});
    }
  }
}

const sameLabel = (label: string) => ({ label, imageLabel: label });

function isOwn({ uuid, label }: Named): boolean {
  return label === profileOf(uuid);
}

function without(targets: readonly SecurityTarget[], gone: readonly SecurityTarget[]): readonly SecurityTarget[] {
  const paths = new Set(gone.map(({ path }) => path));
  return targets.filter(({ path }) => !paths.has(path));
}

/** The change takes place with the exec of what follows. */
const SCRIPT = `profile=$1; shift
attribute=/proc/self/attr/apparmor/exec
[ -e "$attribute" ] || attribute=/proc/self/attr/exec
if printf 'exec %s' "$profile" > "$attribute"; then exec "$@"; fi
echo "polyvisor: INTERNAL_ERROR: error calling aa_change_profile(): profile '$profile' is not loaded" >&2
exit 1`;

function wrapperOf(profile: string): string[] {
  return ["/bin/sh", "-c", SCRIPT, "apparmor", profile];
}

function noBaseLabel(): VirtError {
  return new VirtError("CONFIG_UNSUPPORTED", "Cannot set a base label with AppArmour", {
    domain: "SECURITY",
    hint: "leave out <baselabel>, or name a loaded profile in a label of type 'static'",
  });
}

function stillRuns(profile: string): VirtError {
  return new VirtError("OPERATION_FAILED", `a process of an earlier run still has AppArmor profile '${profile}'`, {
    domain: "SECURITY",
    hint: "aa-status tells which: end it first",
  });
}

function inUse(file: string): VirtError {
  return new VirtError("OPERATION_FAILED", `${file} was not written by this daemon`, {
    domain: "SECURITY",
    hint: "the guest runs under another manager, or was left by one: remove the file once nothing runs under its profile",
  });
}
