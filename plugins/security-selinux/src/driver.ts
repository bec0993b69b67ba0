import { randomInt } from "node:crypto";
import { join } from "node:path";
import {
  type Applicability,
  HOST_INFO,
  HOST_SERVICES,
  type HostInfo,
  type HostServices,
  LOG,
  type Log,
  type SecurityDriver,
  type SecurityGuest,
  type SecurityTarget,
  VirtError,
} from "@polyvisor/core";
import { LabelTransactions } from "@polyvisor/sdk/labels";
import { inject, injectable } from "tsyringe";
import { rangeOfProcess } from "./categories.js";
import { type Context, formatContext, parseContext } from "./context.js";
import { baseContext, type LabelWish, labelGuest } from "./guest-label.js";
import { Levels } from "./levels.js";
import { SelinuxHost } from "./selinux-host.js";
import { labelItem } from "./target-label.js";

interface LabelArgs {
  readonly guest: SecurityGuest;
  readonly targets: readonly SecurityTarget[];
}

type Named = Pick<LabelArgs, "guest">;

const MODEL = "selinux";

/**
 * A guest's label is a context with a pair of categories of its own: its process has it, and its files have one with the same
 * pair, so that the policy keeps it from those of other guests.
 */
@injectable()
export class SelinuxDriver implements SecurityDriver {
  readonly #host: SelinuxHost;
  readonly #log: Log;
  readonly #transactions: LabelTransactions;
  readonly #levels = new Levels((count) => randomInt(count));

  constructor(
    @inject(HOST_INFO as symbol) { paths }: HostInfo,
    @inject(LOG as symbol) log: Log,
    @inject(HOST_SERVICES as symbol) services: HostServices | undefined,
    host = new SelinuxHost(),
  ) {
    this.#host = host;
    this.#log = log;
    this.#transactions = new LabelTransactions({ model: MODEL, folder: join(paths.run, "labels"), log, services });
  }

  /** Throws where SELinux is enabled and something is missing: guests would start without labels. */
  async probe(): Promise<Applicability> {
    if (!this.#host.isEnabled) return { usable: false, reason: "the kernel runs without SELinux" };
    const { own } = this.#host;
    if (own === undefined) return { usable: false, reason: "SELinux is enabled, but no policy is loaded" };
    await this.#host.guestContexts();
    rangeOfProcess(own.range);
    return {
      usable: true,
      detail: this.#host.isEnforced ? "SELinux is enforced" : "SELinux only logs: it is permissive",
    };
  }

  async model() {
    const contexts = await this.#host.guestContexts();
    const baseLabels = ["kvm", "qemu"].map((type) => ({ type, label: baseContext(contexts, type) }));
    return { model: MODEL, doi: "0", baseLabels };
  }

  async generateLabel({ uuid, ...wish }: LabelWish & { readonly uuid: string }) {
    this.#transactions.warmUp();
    const own = this.#own();
    const contexts = await this.#host.guestContexts();
    const newLevel = () => this.#levels.take(uuid, rangeOfProcess(own.range));
    const { label, imageLabel } = labelGuest(wish, contexts, own, newLevel);
    if (await this.#host.knows(label)) return { label, imageLabel };
    this.#levels.giveBack(uuid);
    throw new VirtError(wish.fixed ? "XML_ERROR" : "INTERNAL_ERROR", `Invalid security label ${label}`, {
      domain: "SECURITY",
      hint: "the policy of this host does not know it: see `seinfo -t` for its types",
    });
  }

  /** Of a guest that runs since before this process did. Two with the same level cannot be told apart by the policy. */
  reserveLabel({ guest, pid }: Named & { readonly pid: number }): void {
    const level = parseContext(this.#host.contextOf(pid) ?? "")?.range;
    if (level === undefined) return;
    const other = this.#levels.reserve(guest.uuid, level);
    if (other !== undefined) {
      this.#log.warn({ guest: guest.uuid, other }, `MCS level for existing domain label ${level} already reserved`);
    }
  }

  /** Whatever the guest still has goes back with its label. */
  async releaseLabel({ guest }: Named): Promise<void> {
    await this.#transactions.restore(guest.uuid);
    this.#levels.giveBack(guest.uuid);
  }

  async setLabels({ guest, targets }: LabelArgs): Promise<void> {
    if (!guest.relabel) return;
    const contexts = await this.#host.guestContexts();
    const items = targets.flatMap((target) => labelItem(target, guest, contexts) ?? []);
    if (items.length > 0) await this.#transactions.set(guest.uuid, items);
  }

  restoreLabels({ guest, targets }: LabelArgs): Promise<void> {
    const paths = targets.map(({ path }) => path);
    return this.#transactions.restore(guest.uuid, paths);
  }

  guestWrapper({ guest }: Named) {
    return { argv: ["/bin/sh", "-c", WRAPPER, MODEL, guest.label], newPrivileges: true };
  }

  /** As libvirt: what connects to the guest has the guest's categories, or the connection would bear all of the daemon's. */
  socketLabels({ guest }: Named) {
    const { range } = parseContext(guest.label) ?? {};
    const { range: _, ...own } = this.#own();
    return { listening: guest.label, connecting: formatContext({ ...own, ...(range !== undefined && { range }) }) };
  }

  processLabel({ pid }: { readonly pid: number }) {
    const label = this.#host.contextOf(pid);
    if (label !== undefined) return { label, enforcing: this.#host.isEnforced ? 1 : 0 };
    throw new VirtError("SYSTEM_ERROR", `unable to get PID ${pid} security context: No such process`, {
      domain: "SECURITY",
    });
  }

  processIdentity(): null {
    return null;
  }

  /** Called by the host when the plugin goes. */
  dispose(): void {
    this.#transactions.close();
  }

  #own(): Context {
    const { own } = this.#host;
    if (own !== undefined) return own;
    throw new VirtError("SYSTEM_ERROR", "Unable to get current process SELinux context", { domain: "SECURITY" });
  }
}

/** The process gets the context with the exec of what follows; a host that only logs lets it go on without. */
const WRAPPER = `label=$1; shift
if printf %s "$label" > /proc/self/attr/exec; then exec "$@"; fi
if [ "$(cat /sys/fs/selinux/enforce)" = 0 ]; then exec "$@"; fi
echo "polyvisor: SYSTEM_ERROR: unable to set security context '$label'" >&2
exit 1`;
