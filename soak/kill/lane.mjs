import { setTimeout as sleep } from "node:timers/promises";
import { OPERATIONS } from "./operations.mjs";
import { isPaused, matches, NOTHING, off, see, wordsOf } from "./world.mjs";

/** How long its client thinks between operations, at most. */
const THINK_MS = 120;

/** One guest as its client knows it: what it may be like, by what was acknowledged. At most one operation is under way. */
export class Lane {
  kind;
  /** What the domain may be like; more than one while an operation is under way, and after it was cut short. */
  worlds = [NOTHING];
  /** It may still change by itself: its power button was pressed, or it has yet to carry out what a daemon told it. */
  restless = false;
  /** It is to start by itself, and that may not be over. */
  starting = false;
  /** Why it must have ended, where that is known: its shutoff reason. */
  ended;
  /** What the domain was like when it was last looked at. @type {import("./world.mjs").Seen} */
  seen = NOTHING;
  /** Chooses for this life of the daemon. @type {import("../lib/random.mjs").Random} */
  random;
  #soak;
  #revision = 0;
  /** The documents of definitions, by their key. */
  #documents = new Map();

  constructor(kind, soak) {
    this.kind = kind;
    this.#soak = soak;
  }

  get name() {
    return this.kind.name;
  }

  get dom() {
    return { name: this.kind.name, uuid: this.kind.uuid, id: -1 };
  }

  get world() {
    if (this.worlds.length !== 1) throw new Error(`it is not known what ${this.name} is like`);
    return this.worlds[0];
  }

  newDefinition() {
    const memory = this.random.pick([32, 48, 64]) * 1024;
    return { rev: ++this.#revision, memory, current: memory };
  }

  /** Random operations until the daemon is killed. @param {import("./soak.mjs").Life} life */
  async run(life) {
    while (!life.over && life.faults.length === 0) {
      await this.perform(this.#choose(), life);
      await sleep(this.random.below(THINK_MS));
    }
  }

  #choose() {
    const open = Object.entries(OPERATIONS).filter(([, operation]) => operation.can(this.world, this.kind));
    const weights = open.map(([, { weight }]) => weight(this.kind));
    let at = this.random.below(weights.reduce((sum, weight) => sum + weight, 0));
    const chosen = weights.findIndex((weight) => {
      at -= weight;
      return at < 0;
    });
    return open[chosen][0];
  }

  /** @param {string} name @param {import("./soak.mjs").Life} life */
  async perform(name, life) {
    const before = this.world;
    const { send, done, between = [] } = OPERATIONS[name].plan(before, this);
    const about = `${this.name}: ${name}`;
    this.ended = undefined;
    this.#soak.trace(`${about} sent, ${wordsOf(before)}`);
    const answer = send(life.client.api);
    life.sent(name);
    // Where it is cut short, the id of a guest that it started is not known.
    if (name !== "startDestroy") this.worlds = [before, ...between, done(undefined)];
    else this.worlds = [before, ...between];
    try {
      this.worlds = [done(await answer)];
      this.#soak.trace(`${about} acknowledged, ${wordsOf(this.world)}`);
      life.acknowledged(name);
    } catch (error) {
      if (life.over) life.cut(name);
      else life.fault(`${about}, ${wordsOf(before)}: ${error.message}`);
      this.#soak.trace(`${about} failed: ${error.message}`);
    }
  }

  /** Finds out what the domain is like after a restart. @returns {Promise<string | undefined>} a fault */
  async compare(api) {
    const seen = await see(api, this.kind);
    const found = this.worlds.find((world) => matches(world, seen));
    if (found === undefined)
      return `${this.name} is ${wordsOf(seen)}, but it should be ${this.worlds.map(wordsOf).join(" or ")}`;
    if (this.ended !== undefined && seen.definition !== undefined && seen.ended !== this.ended)
      return `${this.name} is off for the reason ${seen.ended}, but it was ${this.ended}`;
    const torn = this.#compareDocument(seen);
    if (torn === undefined) this.seen = seen;
    return torn;
  }

  /** From here on the domain is taken for what was seen. */
  settle() {
    const { definition, autostart, run } = this.seen;
    this.worlds = [{ definition, autostart, run }];
    this.#soak.trace(`${this.name} found ${wordsOf(this.world)}`);
  }

  #compareDocument({ definition, xml }) {
    if (definition === undefined) return undefined;
    const key = `${definition.rev}/${definition.current}`;
    const known = this.#documents.get(key);
    this.#documents.set(key, known ?? xml);
    // As in libvirt, controllers that were added to a definition come in another order once it was read again.
    return known === undefined || linesOf(known) === linesOf(xml)
      ? undefined
      : `${this.name}: its document changed:\n${known}\n${xml}`;
  }

  /** Shows that the domain is not stuck, and ends what is uncertain about it. */
  async exercise(life) {
    if (this.starting) await this.#startUnlessStarted(life);
    if (this.restless) await this.#endUnlessEnded(life);
    if (this.world.run === undefined) {
      if (this.random.chance(0.3))
        await this.perform(this.world.definition === undefined ? "createXML" : "start", life);
      return;
    }
    const paused = isPaused(this.world.run);
    for (const name of paused ? ["resume", "suspend"] : ["suspend", "resume"]) {
      await this.perform(name, life);
      if (life.faults.length > 0) return;
    }
    if (this.random.chance(0.2)) await this.perform("destroy", life);
  }

  async #startUnlessStarted(life) {
    this.starting = false;
    // An undefine that was cut short has been done after all.
    if (this.world.definition === undefined) return;
    const { api } = life.client;
    await api.domainCreateWithFlags({ dom: this.dom, flags: 0 }).catch((error) => {
      if (!error.message.includes("already running"))
        life.fault(`${this.name}: start beside autostart: ${error.message}`);
    });
    await this.#lookAgain(api);
  }

  async #endUnlessEnded(life) {
    this.restless = false;
    const { api } = life.client;
    await api.domainDestroyFlags({ dom: this.dom, flags: 0 }).catch((error) => {
      if (!["NO_DOMAIN", "OPERATION_INVALID"].includes(error.code))
        life.fault(`${this.name}: destroy: ${error.message}`);
    });
    const fault = await this.#lookAgain(api);
    this.worlds = [off(this.world)];
    if (fault !== undefined) life.fault(fault);
  }

  async #lookAgain(api) {
    const seen = await see(api, this.kind);
    this.worlds = [{ definition: seen.definition, autostart: seen.autostart, run: seen.run }];
  }
}

const linesOf = (text) => text.split("\n").sort().join("\n");
