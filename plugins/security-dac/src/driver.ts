import { lstat } from "node:fs/promises";
import { join } from "node:path";
import {
  type Applicability,
  type GuestUser,
  HOST_INFO,
  HOST_SERVICES,
  type HostInfo,
  type HostServices,
  LOG,
  type Log,
  PLUGIN_CONFIG,
  type SecurityDriver,
  type SecurityGuest,
  type SecurityTarget,
  VirtError,
} from "@polyvisor/core";
import { LabelTransactions } from "@polyvisor/sdk/labels";
import { lackedCapabilities } from "@polyvisor/sdk/process";
import { inject, injectable } from "tsyringe";
import { isLockable, itemOf, type Ownership, wishesOf } from "./items.js";
import { OWN_ACCOUNT, type Owner, Users } from "./users.js";

/** What the operator may set in `plugins/security-dac.conf`. */
export interface DacConfig {
  /** Whom guests run as that want nobody in particular; empty for the host's usual one. */
  readonly user: string;
  readonly group: string;
  readonly dynamic_ownership: boolean;
  readonly remember_owner: boolean;
}

interface LabelArgs {
  readonly guest: SecurityGuest;
  readonly targets: readonly SecurityTarget[];
}

const MODEL = "dac";

/** A guest's label is a user and a group: its process runs as these, and its files belong to them meanwhile. */
@injectable()
export class DacDriver implements SecurityDriver {
  readonly #config: DacConfig;
  readonly #ownership: Ownership;
  readonly #users = new Users();
  readonly #transactions: LabelTransactions;
  readonly #log: Log;
  #hasTold = false;

  constructor(
    @inject(HOST_INFO as symbol) { paths }: HostInfo,
    @inject(PLUGIN_CONFIG as symbol) config: DacConfig,
    @inject(LOG as symbol) log: Log,
    @inject(HOST_SERVICES as symbol) services: HostServices,
  ) {
    this.#config = config;
    this.#log = log;
    this.#ownership = { dynamic: config.dynamic_ownership, remember: config.remember_owner };
    this.#transactions = new LabelTransactions({ model: MODEL, folder: join(paths.run, "labels"), log, services });
  }

  probe(): Applicability {
    if (process.getuid?.() !== 0) return { usable: false, reason: "only root may give files to other users" };
    const lacked = lackedCapabilities("CHOWN", "SETUID", "SETGID").map((name) => `CAP_${name}`);
    if (lacked.length === 0) return { usable: true, detail: "this process may give files away" };
    return { usable: false, reason: `this root may not give files to other users: it lacks ${lacked.join(", ")}` };
  }

  async model() {
    const label = labelOf(await this.#usual());
    return { model: MODEL, doi: "0", baseLabels: ["kvm", "qemu"].map((type) => ({ type, label })) };
  }

  /** Any number of guests may have the same label. Part of one is no use. */
  async generateLabel({ wanted, fixed }: { readonly wanted: string; readonly fixed: boolean }) {
    this.#transactions.warmUp();
    if (!fixed) {
      const owner = await this.#usual();
      // Asked for when the guest is about to run: by then they are known. What fails, fails there.
      this.#users.groupsOf(owner).catch(() => {});
      const label = labelOf(owner);
      return { label, imageLabel: label };
    }
    await this.#users.ownerOf(wanted);
    return { label: wanted, imageLabel: wanted };
  }

  /** Whatever the guest still has goes back with its label. */
  releaseLabel({ guest }: Pick<LabelArgs, "guest">): Promise<void> {
    return this.#transactions.restore(guest.uuid);
  }

  async setLabels({ guest, targets }: LabelArgs): Promise<void> {
    const wishes = wishesOf(guest, targets, this.#ownership);
    const items = await Promise.all(
      wishes.map(async ({ target, label }) => {
        const owner = labelOf(await this.#ownerOf(label));
        return itemOf(target, owner, this.#ownership.remember);
      }),
    );
    if (items.length > 0) await this.#transactions.set(guest.uuid, items);
  }

  /** Also of what is not given to guests any more since the settings have changed. */
  restoreLabels({ guest, targets }: LabelArgs): Promise<void> {
    const paths = targets.map(({ path }) => path);
    const wishes = this.#ownership.remember ? wishesOf(guest, targets, this.#ownership) : [];
    const locked = wishes.flatMap(({ target }) => (isLockable(target) ? target.path : []));
    return this.#transactions.restore(guest.uuid, paths, locked);
  }

  async processIdentity({ guest }: Pick<LabelArgs, "guest">): Promise<GuestUser> {
    const owner = await this.#ownerOf(guest.label);
    return { ...owner, groups: await this.#users.groupsOf(owner) };
  }

  async processLabel({ pid }: { readonly pid: number }) {
    const { uid, gid } = await lstat(`/proc/${pid}`).catch((cause: unknown) => {
      const detail = `unable to get uid and gid for PID ${pid} via procfs: No such file or directory`;
      throw new VirtError("SYSTEM_ERROR", detail, { domain: "SECURITY", cause });
    });
    return { label: labelOf({ uid, gid }), enforcing: 0 };
  }

  /** Called by the host when the plugin goes. */
  dispose(): void {
    this.#transactions.close();
  }

  /** A guest that wants no label is the usual user all the same: it is never root. */
  #ownerOf(label: string): Promise<Owner> {
    return label === "" ? this.#usual() : this.#users.ownerOf(label);
  }

  async #usual(): Promise<Owner> {
    const { sharedAccount, ...owner } = await this.#users.usual(this.#config.user, this.#config.group);
    if (sharedAccount !== undefined && !this.#hasTold) {
      this.#hasTold = true;
      this.#log.warn({ user: sharedAccount }, `guests run as ${sharedAccount}, as other programs do; ${OWN_ACCOUNT}`);
    }
    return owner;
  }
}

function labelOf({ uid, gid }: Owner): string {
  return `+${uid}:+${gid}`;
}
