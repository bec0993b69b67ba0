import { parseUuid } from "@polyvisor/sdk/conf/common";
import { FIGURE_PATHS, type Figures, MACHINE_PATHS, type Machine, readFigures, readMachine } from "./machine.js";
import type { Site } from "./server.js";
import { esxError, SoapFault } from "./soap/error.js";
import { group, type Ref, text } from "./soap/message.js";
import type { Traversal } from "./soap/properties.js";
import type { ObjectContent } from "./soap/reply.js";
import { answer, type TaskEnd, waitForTask } from "./soap/task.js";

/** What leads from a host to its machines. */
export const HOST_TO_MACHINES: Traversal = { name: "hostSystemToVm", type: "HostSystem", path: "vm" };

/** What was read of a list is good for so many times as long as that took, and for no longer than so many milliseconds. */
const LIST_TIMES = 4;
const LONGEST = 5000;
/** So many machines asked for one by one are read all at once. */
const MANY = 4;

interface Read {
  readonly machine: Machine;
  readonly at: number;
}

/** Numbers of changes by the server that they were made on: another client of ours may have made them. */
const CHANGES = new Map<string, number>();

/** The machines of the connection's host. */
export class Machines {
  readonly #site: Site;
  readonly #autoAnswer: boolean;
  readonly #freshness: number;
  readonly #read = new Map<string, Read>();
  #changes = 0;
  #listTime = 0;
  #listing: { readonly changes: number; readonly machines: Promise<readonly Machine[]> } | undefined;
  /** When machines were asked for one by one, of late. */
  #singles: number[] = [];

  /**
   * `freshness`: how long what was read is good enough for calls that only look, in milliseconds. A client that lists
   * machines asks for each one's state next: without this each question would be a call to the server.
   */
  constructor(site: Site, autoAnswer: boolean, freshness: number) {
    this.#site = site;
    this.#autoAnswer = autoAnswer;
    this.#freshness = freshness;
  }

  /** All of them, as they are now. */
  list(): Promise<readonly Machine[]> {
    const changes = this.#changesHere();
    // who has changed something is not content with a list that was asked for before
    if (this.#listing?.changes === changes) return this.#listing.machines;
    const listing = { changes, machines: this.#list() };
    this.#listing = listing;
    const end = () => {
      if (this.#listing === listing) this.#listing = undefined;
    };
    listing.machines.then(end, end);
    return listing.machines;
  }

  async #list(): Promise<readonly Machine[]> {
    const began = performance.now();
    const changes = this.#changesHere();
    const found = await this.retrieve(MACHINE_PATHS);
    const machines = found.map(readMachine);
    this.#read.clear();
    this.#changes = changes;
    const now = performance.now();
    for (const machine of machines) this.#read.set(machine.dom.uuid, { machine, at: now });
    // what took long to read is good for longer: who asks for each machine next must not have it read again and again
    this.#listTime = now - began;
    return machines;
  }

  /** Properties of all machines, in one call. */
  retrieve(paths: readonly string[]): Promise<readonly ObjectContent[]> {
    return this.#site.session.retrieve({
      properties: { VirtualMachine: paths },
      from: [this.#site.place.host],
      skipFrom: true,
      traversals: [HOST_TO_MACHINES],
    });
  }

  /** A machine as it was a moment ago, for calls that only look. Throws `NO_DOMAIN`. */
  async look(uuid: string): Promise<Machine> {
    const known = this.#fresh(uuid);
    if (known !== undefined) return known;
    if (this.#read.has(uuid) && this.#isOneOfMany()) {
      await this.list();
      const listed = this.#fresh(uuid);
      if (listed !== undefined) return listed;
    }
    return this.find(uuid);
  }

  /** A machine as it is now. Throws `NO_DOMAIN`. */
  async find(uuid: string): Promise<Machine> {
    const changes = this.#changesHere();
    const found = readMachine(await this.properties(uuid, MACHINE_PATHS));
    this.#remember(found, changes);
    return found;
  }

  /** What a machine is made of, as it is now. Throws `NO_DOMAIN`. */
  async figures(uuid: string): Promise<Figures> {
    return readFigures(await this.properties(uuid, FIGURE_PATHS));
  }

  /** The same of all of them, in one call. */
  async allFigures(): Promise<readonly Figures[]> {
    return (await this.retrieve(FIGURE_PATHS)).map(readFigures);
  }

  byName(name: string): Promise<Machine | undefined> {
    return this.list().then((machines) => machines.find((machine) => machine.dom.name === name));
  }

  /** Properties of a machine as they are now. Throws `NO_DOMAIN`. */
  async properties(uuid: string, paths: readonly string[]): Promise<ObjectContent> {
    const { session } = this.#site;
    const known = this.#read.get(uuid)?.machine.ref;
    if (known !== undefined) {
      try {
        const found = await session.retrieveOne(known, paths);
        // without the property the server would have to be asked whose reference it is
        if (found.text("config.uuid") === undefined || parseUuid(found.text("config.uuid") ?? "") === uuid)
          return found;
      } catch (error) {
        if (!(error instanceof SoapFault) || error.fault !== "ManagedObjectNotFound") throw error;
      }
      this.#read.delete(uuid);
    }
    return session.retrieveOne(await this.refOf(uuid), paths);
  }

  /** The server's name of a machine. Throws `NO_DOMAIN`. */
  async refOf(uuid: string, site: Site = this.#site): Promise<Ref> {
    const { session, place } = site;
    const where = `<datacenter type="${place.datacenter.type}">${place.datacenter.value}</datacenter>`;
    const body = where + text("uuid", uuid) + text("vmSearch", true);
    const [found] = await session.call("FindByUuid", session.service.searchIndex, body);
    if (found !== undefined) return found.ref;
    throw esxError("NO_DOMAIN", `Could not find domain with UUID '${uuid}'`, "list --all shows which there are");
  }

  /**
   * A machine that is about to be changed: no question of its own is open, no task is under way. Throws `NO_DOMAIN`,
   * `OPERATION_INVALID`.
   */
  async prepare(uuid: string, site: Site = this.#site): Promise<Machine> {
    const { session } = site;
    const paths = [...MACHINE_PATHS, "runtime.question", "recentTask"];
    const found =
      site === this.#site
        ? await this.properties(uuid, paths)
        : await session.retrieveOne(await this.refOf(uuid, site), paths);
    const question = found.get("runtime.question");
    if (question !== undefined) await answer(session, found.ref, question, this.#autoAnswer);
    const tasks = (found.get("recentTask")?.members ?? []).map((task) => task.ref);
    if (tasks.length > 0) {
      const states = await session.retrieve({ properties: { Task: ["info.state"] }, from: tasks }).catch(goneTasks);
      if (states.some((task) => /^(?:running|queued)$/.test(task.text("info.state") ?? ""))) {
        const hint = "wait until the server has done what it does with it";
        throw esxError("OPERATION_INVALID", "Other tasks are pending for this domain", hint);
      }
    }
    return readMachine(found);
  }

  /** A call that begins a task, and its end. What was read of machines before is forgotten. */
  async perform(method: string, object: Ref, body: string, machine?: Ref, site: Site = this.#site): Promise<TaskEnd> {
    try {
      const { ref: task } = await site.session.callForOne(method, object, body);
      return await waitForTask(site.session, task, { machine, autoAnswer: this.#autoAnswer });
    } finally {
      this.changed();
    }
  }

  /** A change of a machine's configuration. `failed` is what libvirt says before the server's words. */
  async reconfigure(uuid: string, spec: string, failed: string): Promise<void> {
    const machine = await this.prepare(uuid);
    const end = await this.perform("ReconfigVM_Task", machine.ref, group("spec", spec), machine.ref);
    if (!end.ok) throw esxError("INTERNAL_ERROR", `${failed}: ${end.words}`, "the server's own log says more");
  }

  /** Somebody has changed a machine by us. */
  changed(): void {
    const server = this.#server;
    CHANGES.set(server, (CHANGES.get(server) ?? 0) + 1);
  }

  get #server(): string {
    const { host, port } = this.#site.session.http.target;
    return `${host}:${port}`;
  }

  #changesHere(): number {
    return CHANGES.get(this.#server) ?? 0;
  }

  #fresh(uuid: string): Machine | undefined {
    const read = this.#read.get(uuid);
    if (read === undefined || this.#changes !== this.#changesHere()) return undefined;
    return performance.now() - read.at < this.#good ? read.machine : undefined;
  }

  /** How long what was read is good, in milliseconds. */
  get #good(): number {
    if (this.#freshness === 0) return 0;
    return Math.max(this.#freshness, Math.min(LONGEST, LIST_TIMES * this.#listTime));
  }

  /** `changes`: how many there had been when the server was asked. */
  #remember(machine: Machine, changes: number): void {
    if (changes !== this.#changesHere()) return;
    if (this.#changes !== changes) {
      // what was read before the change stays as a way to find a machine
      for (const [uuid, read] of this.#read) this.#read.set(uuid, { ...read, at: Number.NEGATIVE_INFINITY });
      this.#changes = changes;
    }
    this.#read.set(machine.dom.uuid, { machine, at: performance.now() });
  }

  #isOneOfMany(): boolean {
    const now = performance.now();
    this.#singles = [...this.#singles.filter((at) => now - at < this.#good), now];
    return this.#singles.length > MANY;
  }
}

function goneTasks(error: unknown): readonly ObjectContent[] {
  // a server forgets tasks that have ended
  if (error instanceof SoapFault && error.fault === "ManagedObjectNotFound") return [];
  throw error;
}
