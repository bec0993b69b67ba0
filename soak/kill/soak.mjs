import { setTimeout as sleep } from "node:timers/promises";
import { Random } from "../lib/random.mjs";
import { check } from "./check.mjs";
import { Client } from "./client.mjs";
import { forgetAutostart, meddle } from "./down.mjs";
import { Figures } from "./figures.mjs";
import { descriptorsOf, processesOf } from "./host.mjs";
import { Lane } from "./lane.mjs";

/** What is not right by then after a restart is wrong, in milliseconds. */
const SETTLE_MS = 120_000;
/** By then everything that a killed daemon had begun has gone with it. */
const AFTERMATH_MS = 120_000;
/** A moment of this life at which the daemon is killed comes at the latest by then. */
const LONGEST_LIFE_MS = 1000;
const TRACE_LINES = 400;
/** What comes and goes by itself may have been there, or not, when they were first counted. */
const PASSING_DESCRIPTORS = 2;
/** What a guest costs the daemon: its process and its monitor. */
const DESCRIPTORS_OF_GUEST = 2;

/** One life of the daemon, as the lanes see it. */
export class Life {
  client;
  /** The daemon has been killed: what has no answer yet will have none. */
  over = false;
  /** @type {string[]} */
  faults = [];
  #figures;
  #strike;
  #moment = {};
  #struck;

  /** @param {(life: Life) => Promise<void>} strike kills the daemon */
  constructor(client, figures, strike) {
    this.client = client;
    this.#figures = figures;
    this.#strike = strike;
  }

  /** From now on the daemon is killed: at this moment, or some milliseconds from now. @param {{ onSend?: string, onAnswer?: string }} moment */
  arm(moment, milliseconds) {
    this.#moment = moment;
    const timer = setTimeout(() => this.#end(), milliseconds);
    this.#struck = new Promise((resolve) => {
      this.#end = () => {
        clearTimeout(timer);
        this.#end = () => {};
        resolve(this.#strike(this));
      };
    });
  }

  /** Resolves when the daemon has been killed. */
  get struck() {
    return this.#struck;
  }

  sent(operation) {
    this.#figures.count(operation, "sent");
    if (this.#moment.onSend === operation) this.#end();
  }

  acknowledged(operation) {
    this.#figures.count(operation, "acknowledged");
    if (this.#moment.onAnswer === operation) this.#end();
  }

  cut(operation) {
    this.#figures.count(operation, "cut short");
  }

  fault(words) {
    this.faults.push(words);
  }

  #end = () => {};
}

/** Daemon, guests, and what is known of them. */
export class Soak {
  root;
  daemon;
  network;
  lanes;
  figures = new Figures();
  #seed;
  #host;
  #lines = [];
  #descriptors;

  constructor({ root, daemon, network, kinds, seed, host }) {
    Object.assign(this, { root, daemon, network });
    this.#seed = seed;
    this.#host = host;
    this.lanes = kinds.map((kind) => new Lane(kind, this));
  }

  trace(words) {
    this.#lines.push(`${performance.now().toFixed(1)} ${words}`);
    if (this.#lines.length > TRACE_LINES) this.#lines.shift();
  }

  get lastWords() {
    return `${this.#lines.join("\n")}\n`;
  }

  /** Starts the daemon for the first time, and defines what starts by itself. */
  async begin() {
    await this.daemon.start();
    const life = await this.#live(0);
    for (const lane of this.lanes) {
      if (!lane.kind.transient) await lane.perform("define", life);
      if (lane.kind.autostart) await lane.perform("setAutostart", life);
    }
    return this.#closed(life);
  }

  /** A restart, operations, and a kill. @returns {Promise<string[]>} faults */
  async round(number) {
    const random = new Random(this.#seed, "killer", number);
    const moment = momentOf(random);
    const life = await this.#live(number, () => this.#strike(life, moment, random));
    await this.#prove(life);
    if (life.faults.length > 0) return this.#closed(life);
    this.trace(`life ${number}: everything is as it should be`);
    life.arm(moment, random.below(LONGEST_LIFE_MS));
    await Promise.all(this.lanes.map((lane) => lane.run(life)));
    await life.struck;
    life.faults.push(...(await this.#aftermath()));
    if (life.faults.length === 0) await this.#whileDown(random);
    return this.#closed(life);
  }

  /** A long life without a kill, and then the end of every guest: nothing is to be left. @returns {Promise<string[]>} faults */
  async finish(seconds) {
    const life = await this.#live("last");
    await this.#prove(life);
    setTimeout(() => {
      life.over = true;
    }, seconds * 1000);
    await Promise.all(this.lanes.map((lane) => lane.run(life)));
    life.over = false;
    if (life.faults.length === 0) await this.#prove(life);
    if (life.faults.length > 0) return this.#closed(life);
    for (const lane of this.lanes) {
      if (lane.world.run !== undefined) await lane.perform("destroy", life);
      if (lane.world.definition !== undefined) await lane.perform("undefine", life);
    }
    life.faults.push(...(await this.#settled(life)));
    return this.#closed(life);
  }

  async #live(number, strike) {
    for (const lane of this.lanes) lane.random = new Random(this.#seed, lane.name, number);
    return new Life(await Client.open(this.#host, this.daemon.socket), this.figures, strike);
  }

  async #strike(life, moment, random) {
    // An operation that was just sent is killed with anything between its first and its last step.
    if (moment.onSend !== undefined) await sleep(random.below(random.chance(0.5) ? 10 : 80));
    life.over = true;
    this.trace(`kill, ${JSON.stringify(moment)}`);
    await this.daemon.end("SIGKILL");
    this.figures.kills++;
  }

  async #closed(life) {
    await life.client.close();
    return life.faults;
  }

  /** Everything is as it should be, nothing is stuck, and events tell what happens. */
  async #prove(life) {
    life.faults.push(...(await this.#settled(life)));
    if (life.faults.length > 0) return;
    await Promise.all(this.lanes.map((lane) => lane.exercise(life)));
    if (life.faults.length > 0) return;
    life.faults.push(...(await life.client.eventsAgree()));
    life.faults.push(...(await this.#checkDescriptors()));
  }

  async #settled(life) {
    const deadline = performance.now() + SETTLE_MS;
    for (;;) {
      const faults = await check(this, life.client);
      if (faults.length > 0 && performance.now() < deadline) {
        await sleep(25);
        continue;
      }
      if (faults.length === 0) for (const lane of this.lanes) lane.settle();
      return faults;
    }
  }

  /** Besides what each guest costs, a daemon has about the same number of descriptors whatever it has been through. */
  async #checkDescriptors() {
    const guests = this.lanes.filter(({ world }) => world.run !== undefined).length;
    const deadline = performance.now() + SETTLE_MS;
    for (;;) {
      const counts = await descriptorsOf(this.daemon.pid);
      const others = Object.values(counts).reduce((sum, count) => sum + count) - guests * DESCRIPTORS_OF_GUEST;
      this.#descriptors = Math.min(this.#descriptors ?? others, others);
      if (others <= this.#descriptors + PASSING_DESCRIPTORS) return [];
      if (performance.now() > deadline)
        return [
          `with ${guests} guests there are ${JSON.stringify(counts)}: ${others} besides theirs, not ${this.#descriptors}`,
        ];
      await sleep(25);
    }
  }

  /** Nothing of what the daemon had begun outlives it, but for guests. */
  async #aftermath() {
    const deadline = performance.now() + AFTERMATH_MS;
    for (;;) {
      const others = (await processesOf(this.root)).filter(({ uuid }) => uuid === undefined);
      if (others.length === 0) return [];
      if (performance.now() > deadline)
        return others.map(
          ({ pid, argv }) => `after the kill the process ${pid} stays: ${argv.join(" ").slice(0, 300)}`,
        );
      await sleep(10);
    }
  }

  async #whileDown(random) {
    if (random.chance(0.4)) this.figures.deed(await meddle(this, random));
    if (random.chance(0.08)) {
      await forgetAutostart(this);
      this.figures.deed("host booted");
    }
    if (random.chance(0.15)) {
      this.daemon.launch();
      await sleep(random.below(600));
      await this.daemon.end("SIGKILL");
      this.figures.kills++;
      this.figures.deed("killed while it started");
      this.trace("kill while it starts");
    }
    await this.daemon.start();
  }
}

/** When the daemon is to be killed, beside the time that is drawn in any case. */
function momentOf(random) {
  const operation = random.pick([
    ...["define", "define", "undefine", "start", "start", "start", "createXML", "createXML", "suspend", "resume"],
    ...["shutdown", "shutdown", "destroy", "destroy", "setAutostart", "setMemory", "startDestroy"],
  ]);
  return random.pick([{}, { onSend: operation }, { onSend: operation }, { onAnswer: operation }]);
}
