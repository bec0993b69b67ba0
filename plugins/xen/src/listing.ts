import { VirtError } from "@polyvisor/core";
import type { XenGuest } from "./guest.js";
import type { XenDomain, XenHypervisor } from "./hypervisor.js";
import type { Session } from "./session.js";
import { afterShutdown } from "./shutdown.js";
import { type DomainRow, SHUTDOWN_REASONS } from "./xl/table.js";

/** How long after a listing in which something was unfinished the next one follows, in milliseconds. */
const SOON_MS = 1000;

/**
 * Keeps what is known of the domains true: xenstore tells that some domain came or went, and a listing which. Whoever
 * changes a domain holds its job, and what a listing says of it waits for that; by then it may be old, so it is compared
 * with the guest that it was about.
 */
export class ListingWatch {
  readonly #hypervisor: XenHypervisor;
  last: readonly DomainRow[] = [];
  #running: Promise<readonly DomainRow[]> | undefined;
  #next: Promise<readonly DomainRow[]> | undefined;
  #soon: NodeJS.Timeout | undefined;
  readonly #busy = new Set<string>();
  /** What ran before is known, so what is new can be told from it. */
  #isAwake = false;

  constructor(hypervisor: XenHypervisor) {
    this.#hypervisor = hypervisor;
  }

  /** Listens to xenstore, and lists the domains for the first time, without telling of any. */
  async begin({ xenstore, xl }: Session): Promise<void> {
    this.#isAwake = false;
    this.last = await xl.list();
    const changed = () => {
      if (this.#isAwake) this.refresh().catch((error: unknown) => this.#complain(error));
    };
    for (const name of ["@introduceDomain", "@releaseDomain"]) await xenstore.watch(name, changed);
  }

  /** Called once those are known that an earlier daemon knew: from now on what changes is told. */
  async wake(): Promise<void> {
    this.#isAwake = true;
    await this.refresh();
  }

  /** A listing that begins after the call. */
  refresh(): Promise<readonly DomainRow[]> {
    if (this.#running === undefined) {
      this.#running = this.#refresh().finally(() => {
        this.#running = undefined;
      });
      return this.#running;
    }
    this.#next ??= this.#running
      .catch(() => [])
      .then(() => {
        this.#next = undefined;
        return this.refresh();
      });
    return this.#next;
  }

  async #refresh(): Promise<readonly DomainRow[]> {
    const rows = await this.#hypervisor.xl.list();
    this.last = rows;
    await this.#compare(rows);
    return rows;
  }

  /** Those that run, and that nobody has told of yet: before anyone is served. */
  async adoptAll(): Promise<void> {
    const { domains } = this.#hypervisor.guests;
    const configurations = await this.#hypervisor.xl.configurations();
    for (const row of this.last) {
      if (domains.byUuid(row.uuid)?.isActive === true) continue;
      const found = configurations.find(({ domid }) => domid === row.id);
      if (isBeingMade(row, found)) continue;
      await this.#adopt(row, found?.config).catch((error: unknown) => this.#complain(error));
    }
  }

  /** What nobody works on is brought up to date at once; the rest when its job ends. */
  async #compare(rows: readonly DomainRow[]): Promise<void> {
    const { domains } = this.#hypervisor.guests;
    const waits: Promise<void>[] = [];
    for (const domain of [...domains]) {
      const guest = domain.run?.guest;
      if (guest === undefined || guest.isLeaving) continue;
      const row = rows.find(({ id, uuid }) => id === guest.id && uuid === guest.uuid);
      if (isAsKnown(domain, guest, row)) continue;
      waits.push(this.#inTurn(domain, () => this.#update(domain, guest)));
    }
    for (const row of rows) {
      const known = domains.byUuid(row.uuid);
      if (row.state === "dying" || known?.run?.guest.id === row.id) continue;
      if (this.#hypervisor.migrations.isExpected(row.uuid)) continue;
      waits.push(this.#meet(row, known));
    }
    await Promise.all(waits);
  }

  /** A domain that somebody else has begun. One that is being begun here is known when its job ends. */
  async #meet(row: DomainRow, known: XenDomain | undefined): Promise<void> {
    if (known !== undefined) return this.#inTurn(known, () => this.#adoptIfNew(row));
    if (this.#busy.has(row.uuid)) return;
    this.#busy.add(row.uuid);
    try {
      await this.#adoptIfNew(row);
    } catch (error) {
      // It is only half there, or gone again.
      this.#again();
      this.#hypervisor.log.debug({ err: error, domain: row.name }, "a domain is not known yet");
    } finally {
      this.#busy.delete(row.uuid);
    }
  }

  async #adoptIfNew(row: DomainRow): Promise<void> {
    const known = this.#hypervisor.guests.domains.byUuid(row.uuid);
    if (known?.run?.guest.id === row.id) return;
    if (known?.isActive === true) return known.run?.guest.isLeaving ? undefined : this.#again();
    const now = (await this.#hypervisor.xl.list()).find(({ id, uuid }) => id === row.id && uuid === row.uuid);
    if (now === undefined || now.state === "dying") return;
    const [found] = await this.#hypervisor.xl.configurations(row.id);
    if (isBeingMade(now, found)) return this.#again();
    await this.#adopt(now, found?.config);
  }

  async #adopt(row: DomainRow, found: unknown): Promise<void> {
    const hypervisor = this.#hypervisor;
    const { guests } = hypervisor;
    const { readRunning } = await import("./words.js");
    const config = await hypervisor.withHostNames(readRunning(row, found, hypervisor.context), row.id);
    const domain = guests.domains.byUuid(row.uuid) ?? guests.add(config);
    const guest = hypervisor.guest({ id: row.id, uuid: row.uuid, ours: false }, config);
    guest.reason = row.reason;
    guest.isBeingMet = true;
    await guests.begin(domain, config, { guest, how: row.state === "paused" ? ["boot", "suspend"] : ["boot"] });
    guest.isBeingMet = false;
  }

  /** In the domain's job: what has become of its guest. */
  async #update(domain: XenDomain, guest: XenGuest): Promise<void> {
    if (domain.run?.guest !== guest || guest.isLeaving) return;
    const { guests, xl } = this.#hypervisor;
    const row = (await xl.list()).find(({ id, uuid }) => id === guest.id && uuid === guest.uuid);
    if (row === undefined || row.state === "dying") return guests.stop(domain, endingOf(guest));
    if (row.reason !== undefined && guest.reason !== row.reason) {
      guest.reason = row.reason;
      if (guest.ours) return afterShutdown(this.#hypervisor, domain, row.reason);
    }
    if (row.state === "paused" && isRunning(domain)) return guests.transition(domain, "suspend");
    if (row.state === "running" && isPaused(domain)) return guests.transition(domain, "resume");
  }

  #inTurn(domain: XenDomain, work: () => Promise<void>): Promise<void> {
    const done = domain.knownJobs.run({ kind: "destroy", api: "domainChanged" }, work).catch((error: unknown) => {
      if (!(error instanceof VirtError && error.code === "NO_DOMAIN")) this.#complain(error);
    });
    // Nobody who looks at the domains waits for one that is being worked on.
    return domain.knownJobs.list().length > 1 ? Promise.resolve() : done;
  }

  #again(): void {
    this.#soon ??= setTimeout(() => {
      this.#soon = undefined;
      this.refresh().catch((error: unknown) => this.#complain(error));
    }, SOON_MS).unref();
  }

  #complain(error: unknown): void {
    this.#hypervisor.log.warn({ err: error }, "the domains of dom0 could not be looked at");
  }
}

const RUNNING = 1;
const PAUSED = 3;
const isRunning = (domain: XenDomain) => domain.status.state === RUNNING;
const isPaused = (domain: XenDomain) => domain.status.state === PAUSED;

/** Xen pauses a domain until all of it is there, and its configuration comes last. */
const isBeingMade = (row: DomainRow, found: unknown) => found === undefined && row.id !== 0 && row.state === "paused";

function isAsKnown(domain: XenDomain, guest: XenGuest, row: DomainRow | undefined): boolean {
  if (row === undefined || row.state === "dying") return false;
  if (row.reason !== guest.reason) return row.reason === undefined;
  if (row.state === "paused") return !isRunning(domain);
  return row.state !== "running" || !isPaused(domain);
}

/** How a guest ended that is gone. */
function endingOf({ reason }: XenGuest): "finish" | "endAfterPanic" | "destroy" {
  if (reason === SHUTDOWN_REASONS.POWEROFF || reason === SHUTDOWN_REASONS.REBOOT) return "finish";
  return reason === SHUTDOWN_REASONS.CRASH || reason === SHUTDOWN_REASONS.WATCHDOG ? "endAfterPanic" : "destroy";
}
