import { type Connection, type Domain, type HypervisorClient, UNDEFINE_FLAG, VirtError } from "@polyvisor/core";
import { sameStatus, statusWords } from "../../lifecycle/index.js";
import { type Check, Deviation } from "../kit/index.js";
import { inWords, News, newsOf, type Path, statusAfter } from "./news.js";
import type { HypervisorSubject } from "./subject.js";

const ALL_OF_IT = UNDEFINE_FLAG.MANAGED_SAVE | UNDEFINE_FLAG.SNAPSHOTS_METADATA | UNDEFINE_FLAG.CHECKPOINTS_METADATA;

/** A connection of a case's own, with the domains that it makes: they are gone once the case has ended. */
export class Bench {
  readonly check: Check;
  readonly connection: Connection;
  readonly api: HypervisorClient;

  private constructor(check: Check, connection: Connection) {
    this.check = check;
    this.connection = connection;
    this.api = connection.api;
  }

  static async open(subject: HypervisorSubject, check: Check, options?: { readonly readOnly?: boolean }) {
    const connection = await check.within("a connection", subject.open(options));
    check.cleanup(() => connection.close());
    return new Bench(check, connection);
  }

  document(name: string, uuid: string, fixture = "domain"): string {
    return this.check.fixture(fixture, { name, uuid });
  }

  /** A domain that is defined and off. */
  async defined(fixture = "domain", name = this.check.newName(), uuid = this.check.newUuid()): Promise<Domain> {
    this.forget({ name, uuid, id: -1 });
    return this.define(this.document(name, uuid, fixture));
  }

  /** A domain that is defined and runs. */
  async started(fixture = "domain"): Promise<Domain> {
    const dom = await this.defined(fixture);
    await this.start(dom);
    return this.api.domainLookupByUUID({ uuid: dom.uuid });
  }

  /** A domain that runs and was never defined. */
  async created(fixture = "domain"): Promise<Domain> {
    const [name, uuid] = [this.check.newName(), this.check.newUuid()];
    this.forget({ name, uuid, id: -1 });
    return this.api.domainCreateXML({ xmlDesc: this.document(name, uuid, fixture), flags: 0 });
  }

  /** By whichever of the two calls there is. */
  define(xml: string): Promise<Domain> {
    return this.check.claims("domainDefineXMLFlags")
      ? this.api.domainDefineXMLFlags({ xml, flags: 0 })
      : this.api.domainDefineXML({ xml });
  }

  /** By whichever of the two calls there is; `flags` are of `CREATE_FLAG`. */
  async start(dom: Domain, flags = 0): Promise<void> {
    if (flags === 0 && this.check.claims("domainCreate")) await this.api.domainCreate({ dom });
    else await this.api.domainCreateWithFlags({ dom, flags });
  }

  async destroy(dom: Domain): Promise<void> {
    if (this.check.claims("domainDestroy")) await this.api.domainDestroy({ dom });
    else await this.api.domainDestroyFlags({ dom, flags: 0 });
  }

  async undefine(dom: Domain): Promise<void> {
    if (this.check.claims("domainUndefine")) await this.api.domainUndefine({ dom });
    else await this.api.domainUndefineFlags({ dom, flags: 0 });
  }

  /** Sees to it that nothing of a domain is left in the end. */
  forget(dom: Domain): void {
    this.check.cleanup(async () => {
      await this.destroy(dom).catch(() => {});
      await this.api.domainUndefineFlags({ dom, flags: ALL_OF_IT }).catch(() => this.undefine(dom));
    });
  }

  /** What the domain does, in words. */
  async status(dom: Domain): Promise<string> {
    const { state, reason } = await this.api.domainGetState({ dom, flags: 0 });
    const words = statusWords({ state, reason });
    return `${words.state} (${words.reason})`;
  }

  async expectActive(dom: Domain, active: boolean, what: string): Promise<void> {
    this.check.equal(await this.isActive(dom), active, what);
  }

  async isActive(dom: Domain): Promise<boolean> {
    if (this.check.claims("domainIsActive")) return this.api.domainIsActive({ dom });
    return (await this.api.domainLookupByUUID({ uuid: dom.uuid })).id > 0;
  }

  async exists({ uuid }: Pick<Domain, "uuid">): Promise<boolean> {
    try {
      await this.api.domainLookupByUUID({ uuid });
      return true;
    } catch (error) {
      if (error instanceof VirtError && error.code === "NO_DOMAIN") return false;
      throw error;
    }
  }

  /** All that can be seen of a domain without changing it: two of them are equal where nothing has changed. */
  async portrait(dom: Domain): Promise<Readonly<Record<string, unknown>>> {
    const { api, check } = this;
    const ref = await api.domainLookupByUUID({ uuid: dom.uuid });
    return {
      ref: { name: ref.name, uuid: ref.uuid, id: ref.id },
      ...(check.claims("domainGetXMLDesc") && { xml: await api.domainGetXMLDesc({ dom, flags: 0 }) }),
      ...(check.claims("domainGetState") && { state: await api.domainGetState({ dom, flags: 0 }) }),
      ...(check.claims("domainIsPersistent") && { persistent: await api.domainIsPersistent({ dom }) }),
      ...(check.claims("domainGetAutostart") && {
        // What was only created has none.
        autostart: await api.domainGetAutostart({ dom }).catch(() => undefined),
      }),
    };
  }

  /**
   * Does something to a domain, and sees that it takes one of these paths: exactly its events come in their order, and the
   * domain is then in the state of its last step, for the reason of it.
   */
  async takes(
    dom: Domain,
    news: News,
    paths: readonly Path[],
    what: string,
    act: () => Promise<unknown>,
  ): Promise<void> {
    const before = news.of(dom).length;
    await act();
    const shortest = Math.min(...paths.map((path) => newsOf(path).length));
    await news.count(this.check, dom, before + shortest);
    await this.quiet(news);
    const heard = news.of(dom).slice(before);
    const taken = paths.filter((path) => inWords(newsOf(path)) === inWords(heard));
    if (taken.length === 0)
      throw new Deviation(
        `${what}: ${paths.map((path) => inWords(newsOf(path))).join(" or ")} are the right events, ${inWords(heard)} came`,
      );
    await this.#isIn(dom, taken, what);
  }

  async #isIn(dom: Domain, taken: readonly Path[], what: string): Promise<void> {
    if (!this.check.claims("domainGetState") || !(await this.exists(dom))) return;
    const wanted = taken.map(statusAfter).filter((status) => status !== undefined);
    if (wanted.length === 0) return;
    const is = await this.api.domainGetState({ dom, flags: 0 });
    if (wanted.some((status) => sameStatus(status, is))) return;
    const words = wanted.map((status) => Object.values(statusWords(status)).join(", ")).join(" or ");
    throw new Deviation(`${what}: ${words} is the right state, ${Object.values(statusWords(is)).join(", ")} it is`);
  }

  /** Returns when whatever has happened before has been told: the events of a later domain have come. */
  async quiet(news: News): Promise<void> {
    const marker = await this.defined();
    await this.undefine(marker);
    await news.count(this.check, marker, 2);
  }
}

/** A bench with a listener. */
export async function listening(subject: HypervisorSubject, check: Check): Promise<{ bench: Bench; news: News }> {
  const bench = await Bench.open(subject, check);
  return { bench, news: await News.of(bench.connection, check) };
}
