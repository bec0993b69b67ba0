import { type Applicability, type HostInfo, type Log, VirtError } from "@polyvisor/core";
import type { Domain as Config, DomainHooks } from "@polyvisor/sdk/conf/domain";
import { FileKeeper, type GuestBackend, type GuestDomain, GuestHypervisor, type Keeper } from "@polyvisor/sdk/driver";
import { xenHooks } from "./conf/index.js";
import { readToken, XenGuest, type XenToken } from "./guest.js";
import { hostCapabilities } from "./host.js";
import { ListingWatch } from "./listing.js";
import { Migrations } from "./migration.js";
import type { NativeContext } from "./native/index.js";
import { findManaged } from "./saved.js";
import { openSession, type Reach, type Session } from "./session.js";
import type { Dom0Place, XenSettings } from "./settings.js";
import { runningConfig, xlText } from "./words.js";
import type { DomainRow } from "./xl/table.js";

export type XenDomain = GuestDomain<XenGuest>;

export interface XenParts {
  readonly info: HostInfo;
  readonly log: Log;
  readonly settings: XenSettings;
  readonly place: Dom0Place;
  /** The name of its folders, below those of the daemon. */
  readonly folder: string;
  readonly reach?: Reach;
  readonly keeper?: Keeper;
}

/** The domains of one dom0, whether or not it can be reached at the moment. */
export class XenHypervisor implements GuestBackend<XenGuest> {
  readonly scheme = "xen";
  readonly type = "Xen";
  readonly settings: XenSettings;
  readonly guests: GuestHypervisor<XenGuest>;
  readonly log: Log;
  readonly migrations: Migrations;
  readonly #parts: XenParts;
  readonly #listing: ListingWatch;
  #session: Session | undefined;
  #opening: Promise<Session> | undefined;
  #recovered = false;
  #isClosed = false;
  #context: NativeContext | undefined;

  constructor(parts: XenParts) {
    this.#parts = parts;
    this.settings = parts.settings;
    this.log = parts.log;
    const boot = () => this.#session?.boot ?? "";
    const keeper = parts.keeper ?? new FileKeeper(parts.info.paths, parts.folder, parts.log, boot);
    this.guests = new GuestHypervisor<XenGuest>(this, keeper, parts.log);
    this.migrations = new Migrations(this);
    this.#listing = new ListingWatch(this);
  }

  probe(): Applicability {
    return { usable: true, detail: this.type };
  }

  get documents(): DomainHooks {
    return this.context.hooks;
  }

  /** What documents and native configurations are read with. */
  get context(): NativeContext {
    if (this.#context === undefined) {
      const capabilities = hostCapabilities(this.session.info);
      this.#context = { capabilities, hooks: xenHooks(capabilities) };
    }
    return this.#context;
  }

  /** The connection to the dom0. Fails with `NO_CONNECT` where there is none at the moment. */
  get session(): Session {
    if (this.#session !== undefined) return this.#session;
    throw new VirtError("NO_CONNECT", "the connection to dom0 is lost", {
      domain: "LIBXL",
      hint: "connect again: the daemon tries to reach dom0 anew with each connection",
    });
  }

  get xl() {
    return this.session.xl;
  }

  /** Resolves when the dom0 is reached and its domains are known. Fails within seconds where it cannot be. */
  ready(): Promise<Session> {
    if (this.#session !== undefined) return Promise.resolve(this.#session);
    this.#opening ??= this.#open().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async #open(): Promise<Session> {
    const { place, settings, reach } = this.#parts;
    const session = await openSession(place, settings, reach);
    this.#session = session;
    void session.lost.then((error) => this.#lose(session, error));
    try {
      await this.#listing.begin(session);
      if (!this.#recovered) await this.guests.recover();
      this.#recovered = true;
      await this.#listing.wake();
      await findManaged(this);
      return session;
    } catch (error) {
      session.close();
      if (this.#session === session) this.#session = undefined;
      throw error;
    }
  }

  #lose(session: Session, error: VirtError): void {
    if (this.#session !== session) return;
    this.#session = undefined;
    if (this.#isClosed) return;
    this.log.warn({ err: error, dom0: session.dom0.name }, "the connection to dom0 is lost");
  }

  close(): void {
    this.#isClosed = true;
    this.#session?.close();
  }

  /** Looks at all domains anew; whatever has changed of them is known, and told, when it resolves. */
  refresh(): Promise<readonly DomainRow[]> {
    return this.#listing.refresh();
  }

  /** The row of a running domain, as it is now. Fails with `OPERATION_INVALID` where it is gone. */
  async rowOf(domain: XenDomain): Promise<DomainRow> {
    const { id } = domain.active();
    const row = (await this.refresh()).find((each) => each.id === id);
    if (row !== undefined) return row;
    throw new VirtError("OPERATION_INVALID", "domain is not running", { domain: "LIBXL" });
  }

  async start(config: Config, { paused }: { readonly paused: boolean }): Promise<XenGuest> {
    const rows = await this.xl.create(xlText(config), { paused });
    return this.guestAmong(rows, config);
  }

  async suspend({ id }: XenGuest): Promise<void> {
    await this.xl.run(["pause", String(id)], `Failed to suspend domain '${id}' with libxenlight`);
  }

  async resume({ id }: XenGuest): Promise<void> {
    await this.xl.run(["unpause", String(id)], `Failed to resume domain '${id}' with libxenlight`);
  }

  /** The guest that was just begun. */
  async guestAmong(rows: readonly DomainRow[], config: Config): Promise<XenGuest> {
    const row = rows.find(({ uuid }) => uuid === config.uuid);
    if (row === undefined)
      throw new VirtError("INTERNAL_ERROR", `libxenlight failed to create new domain '${config.name}'`, {
        domain: "LIBXL",
        hint: "it ended at once; /var/log/xen in dom0 may say why",
      });
    return this.guest({ id: row.id, uuid: row.uuid, ours: true }, await this.withHostNames(config, row.id));
  }

  guest(token: XenToken, config: Config | undefined): XenGuest {
    return new XenGuest(token, config, (guest) => this.#destroy(guest));
  }

  /** Called with what an earlier daemon kept. */
  async find(_: Config, token: unknown): Promise<XenGuest | undefined> {
    const { uuid, ours, id } = readToken(token);
    const row = this.#listing.last.find((each) => each.uuid === uuid && (ours ? each.id === id : true));
    return row && this.guest({ id: row.id, uuid, ours }, undefined);
  }

  /** Before guests start by themselves, those are found that run already. */
  async sweep(): Promise<void> {
    await this.#listing.adoptAll();
  }

  /** The names that only a running domain has: of its console in dom0, of its interfaces there. */
  async withHostNames(config: Config, id: number): Promise<Config> {
    const tty = await this.session.xenstore.read(`/local/domain/${id}/console/tty`);
    return runningConfig(config, id, tty || undefined);
  }

  async #destroy({ id, uuid, isBeingMet }: XenGuest): Promise<void> {
    if (isBeingMet) return;
    if (id === 0) throw xenDomain0();
    const rows = await this.xl.list();
    if (!rows.some((row) => row.id === id && row.uuid === uuid && row.state !== "dying")) return;
    await this.xl.runLong(["destroy", String(id)], `Failed to destroy domain '${id}'`);
  }
}

/** What is no matter of the domain that runs the host. */
export function xenDomain0(): VirtError {
  return new VirtError("OPERATION_INVALID", "Domain-0 does not support requested operation", {
    domain: "LIBXL",
    hint: "it is the host's own domain",
  });
}
