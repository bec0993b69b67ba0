import { type Domain, type TypedParam, VirtError } from "@polyvisor/core";
import type { Domain as Config } from "@polyvisor/sdk/conf/domain";
import { shellWord } from "@polyvisor/sdk/process";
import { xenError } from "./errors.js";
import type { XenDomain, XenHypervisor } from "./hypervisor.js";

/** Where arriving domains are awaited: libvirt's ports for that. */
const PORTS = { first: 49152, last: 49215 } as const;
/** A source and a destination that are one dom0 need no way between them. */
const HERE = "xen-here:";

/** A domain that is awaited from another host. */
interface Expected {
  readonly config: Config;
  /** Ends the wait. */
  readonly cancel: () => void;
}

/** The receiving and the sending end of migrations, which `xl migrate` and `xl migrate-receive` do. */
export class Migrations {
  readonly #hypervisor: XenHypervisor;
  readonly #expected = new Map<string, Expected>();
  #lastPort: number = PORTS.last;

  constructor(hypervisor: XenHypervisor) {
    this.#hypervisor = hypervisor;
  }

  /** Whoever lists domains leaves one alone that is being received. */
  isExpected(uuid: string): boolean {
    return this.#expected.has(uuid);
  }

  /** Gets ready for a domain; answers where it is to be sent. */
  async prepare(config: Config, wanted: string | undefined): Promise<string> {
    const { guests, session } = this.#hypervisor;
    if (guests.domains.byUuid(config.uuid)?.isActive === true) {
      this.#expected.set(config.uuid, { config, cancel: () => {} });
      return HERE;
    }
    const { host, port } = this.#placeFor(wanted);
    const receive = `socat TCP-LISTEN:${port},reuseaddr SYSTEM:${shellWord(`${this.#hypervisor.xl.word} migrate-receive -e`)}`;
    const receiver = session.dom0.open(["sh", "-c", `exec ${receive}`]);
    receiver.resume();
    receiver.on("error", () => {});
    this.#expected.set(config.uuid, { config, cancel: () => void receiver.destroy() });
    return `tcp://${host}:${port}`;
  }

  #placeFor(wanted: string | undefined): { readonly host: string; readonly port: number } {
    const match = wanted === undefined ? null : /^(?:(?:tcp|xenmigr):\/\/)?([\w.-]+)(?::(\d+))?\/?$/.exec(wanted);
    if (wanted !== undefined && match === null)
      throw xenError("INVALID_ARG", `unable to parse URI: ${wanted}`, "such as tcp://HOST:PORT");
    this.#lastPort = this.#lastPort >= PORTS.last ? PORTS.first : this.#lastPort + 1;
    const host = match?.[1] ?? this.#hypervisor.session.info.hostname;
    return { host, port: match?.[2] === undefined ? this.#lastPort : Number(match[2]) };
  }

  /** Sends what runs of a domain. Where it fails the domain runs on. */
  async perform(id: number, uri: string): Promise<void> {
    const failure = `Failed to migrate domain '${id}'`;
    const way = uri === HERE ? `sh -c 'exec "$@"'` : `sh -c 'exec socat - TCP:${placeIn(uri)}'`;
    await this.#hypervisor.xl.runLong(["migrate", "-e", "-s", way, String(id), "localhost"], failure);
  }

  /** The domain has come, or never will. */
  async finish(name: string, cancelled: boolean): Promise<{ readonly config: Config; readonly domain: Domain }> {
    const [uuid, expected] = [...this.#expected].find(([, { config }]) => config.name === name) ?? [];
    if (uuid === undefined || expected === undefined)
      throw new VirtError("NO_DOMAIN", `no domain with matching name '${name}'`, { domain: "LIBXL" });
    const { config, cancel } = expected;
    const { guests } = this.#hypervisor;
    this.#expected.delete(uuid);
    if (cancelled) {
      cancel();
      throw xenError("OPERATION_FAILED", `migration of domain '${name}' was cancelled`, "it runs on where it was");
    }
    const known = guests.domains.byUuid(uuid);
    const domain = known ?? guests.add(config);
    if (domain.run !== undefined) await this.#moved(domain, config);
    else
      await domain.knownJobs.run({ kind: "modify", api: "domainMigrateFinish3" }, () => this.#arrived(domain, config));
    return { config, domain: domain.ref };
  }

  async #arrived(domain: XenDomain, config: Config): Promise<void> {
    const guest = await this.#hypervisor.guestAmong(await this.#hypervisor.xl.list(), config);
    await this.#hypervisor.guests.begin(domain, config, { guest, how: ["arrive"] });
  }

  /** From this dom0 to itself: it has another id now. The source's part of the job is still held. */
  async #moved(domain: XenDomain, config: Config): Promise<void> {
    const { guests, xl } = this.#hypervisor;
    const guest = await this.#hypervisor.guestAmong(await xl.list(), config);
    const { ref } = domain;
    await guests.transition(domain, "leave");
    await guests.begin(domain, domain.config(), { guest, how: ["arrive"] });
    this.#hypervisor.log.info({ domain: ref.name, from: ref.id, to: guest.id }, "a domain has moved");
  }
}

/** `HOST:PORT` */
function placeIn(uri: string): string {
  const match = /^tcp:\/\/([\w.-]+):(\d+)$/.exec(uri);
  if (match !== null) return `${match[1]}:${match[2]}`;
  throw xenError("INVALID_ARG", `unable to parse URI: ${uri}`, "such as tcp://HOST:PORT");
}

/** A text among parameters. */
export function textParam(params: readonly TypedParam[], field: string): string | undefined {
  const found = params.find((param) => param.field === field && param.type === "string");
  return found === undefined ? undefined : String(found.value);
}
