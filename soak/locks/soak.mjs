import { setTimeout as sleep } from "node:timers/promises";
import { VirtError } from "@polyvisor/core";
import { Client, StuckError } from "../kill/client.mjs";
import { Random } from "../lib/random.mjs";
import { readConsole } from "./console.mjs";
import { bringTo, isPlugged, PHASES, stateOf } from "./phases.mjs";
import { Probe } from "./probe.mjs";
import { emulatorOf, kill, VICTIMS } from "./victims.mjs";

/** How long a busy machine may take to come to rest, in milliseconds. */
const PATIENCE = 60_000;
/** Nothing of a phase happens later than this, in milliseconds. */
const LONGEST_PHASE = 400;

/** Kills one thing in each round, and looks afterwards whether locks and log are what the guest's state says. */
export class LockSoak {
  kills = 0;
  rounds = 0;
  /** What was done, a line for each round. @type {string[]} */
  history = [];
  #what;
  #random;
  #probe;
  #client;
  #doms = {};
  #counts = new Map();

  constructor(what) {
    this.#what = what;
    this.#probe = new Probe(what.root);
    this.#random = new Random(what.seed, "locks");
  }

  /** How often each victim was killed in each phase. */
  get rows() {
    return Object.keys(PHASES).map((phase) => ({
      phase,
      ...Object.fromEntries(VICTIMS.map((victim) => [victim, this.#counts.get(`${phase} ${victim}`) ?? 0])),
    }));
  }

  async begin() {
    const { daemon, guests } = this.#what;
    await daemon.start();
    await this.#connect();
    for (const name of ["hero", "rival"]) {
      this.#doms[name] = await this.#client.api.domainDefineXML({ xml: guests[name] });
    }
  }

  /** @returns {Promise<string[]>} faults */
  async round() {
    this.rounds += 1;
    const victims = this.#what.victims;
    const isStart = victims.every((each) => each === "launcher");
    const phase = isStart ? "start" : this.#random.pick(Object.keys(PHASES));
    const victim = this.#random.pick(victims.filter((each) => each !== "launcher" || phase === "start"));
    const delay = this.#random.below(LONGEST_PHASE);
    const { hero } = this.#doms;
    await bringTo(PHASES[phase], this.#client.api, hero, this.#what.guests);
    const before = this.rounds === 1 ? undefined : await this.#console();
    const work = this.#settled(PHASES[phase].work(this.#client.api, hero, this.#what.guests));
    // Nobody knows when a launcher is there: it is looked for.
    if (victim !== "launcher") await sleep(delay);
    const didKill = await kill(victim, this.#what);
    // A rival that comes at the worst moment has no better luck.
    const rush = didKill && victim === "lock daemon" && phase !== "start" ? this.#rush() : undefined;
    const answer = await work;
    const rushed = await rush;
    if (victim === "manager") await this.#restart();
    if (didKill) this.#count(phase, victim);
    const line = `${phase}, ${didKill ? victim : `no ${victim}`} after ${delay} ms: ${answer}`;
    this.history.push(line);
    if (answer === "stuck") return [`${line}: no answer`];
    const faults = [...(rushed ?? []), ...(await this.#judge(before))];
    return faults.map((fault) => `round ${this.rounds} (${line}): ${fault}`);
  }

  /** Everything is stopped, and everybody gets what they want. @returns {Promise<string[]>} faults */
  async finish() {
    const { api } = this.#client;
    await bringTo({ from: "off" }, api, this.#doms.hero, this.#what.guests);
    const faults = [...(await this.#tryRival(true)), ...(await this.#isFree("second", true))];
    await this.#client.close();
    this.#probe.close();
    return faults;
  }

  async #judge(before) {
    const state = await this.#rest();
    if (state === undefined) return ["the hero does not come to rest"];
    const { api } = this.#client;
    const isRunning = state === "running";
    const plugged = state !== "off" && (await isPlugged(api, this.#doms.hero));
    return [
      ...(await this.#isFree("first", !isRunning)),
      ...(await this.#isFree("second", !(isRunning && plugged))),
      // An emulator whose processors stand still keeps its images open, so that a rival would fail by itself.
      ...(state === "paused" ? [] : await this.#tryRival(!isRunning)),
      ...(await this.#logged(before, isRunning)),
    ];
  }

  /** The hero's state, once it is that of its emulator and stays the same. */
  async #rest() {
    const deadline = performance.now() + PATIENCE;
    let last;
    while (performance.now() < deadline) {
      const hadEmulator = (await emulatorOf(this.#what.root)) !== undefined;
      const state = await stateOf(this.#client.api, this.#doms.hero);
      const agrees = state !== undefined && (state !== "off") === hadEmulator;
      if (agrees && state === last) return state;
      last = agrees ? state : undefined;
      await sleep(100);
    }
    return undefined;
  }

  /** A manager that comes back gives up what a paused guest should not have a moment after it shows the guest. */
  async #isFree(disk, should) {
    const deadline = performance.now() + PATIENCE;
    for (;;) {
      const isFree = await this.#probe.isFree(this.#what.guests[disk]);
      if (isFree === should) return [];
      if (isFree) return [`the lock of the ${disk} disk is lost`];
      if (performance.now() > deadline) return [`the lock of the ${disk} disk has stayed`];
      await sleep(50);
    }
  }

  /** Tries it, and takes it back. */
  async #tryRival(may) {
    const { api } = this.#client;
    const { rival } = this.#doms;
    const error = await api.domainCreate({ dom: rival }).then(
      () => undefined,
      (reason) => reason,
    );
    if (error === undefined) await api.domainDestroy({ dom: rival });
    if (may) return error === undefined ? [] : [`the rival does not start: ${error.message}`];
    if (error === undefined) return ["the rival has started beside the hero"];
    const isBusy = error instanceof VirtError && error.code === "RESOURCE_BUSY";
    return isBusy ? [] : [`the rival was refused in other words: ${error.message}`];
  }

  /** While the lock daemon is gone nobody gets the hero's disk. */
  async #rush() {
    const isSure = async () => (await stateOf(this.#client.api, this.#doms.hero)) === "running";
    if (!(await isSure()) || !(await this.#probe.isFree(this.#what.guests.first))) return [];
    return (await isSure()) ? ["the hero's disk could be had while the lock daemon was gone"] : [];
  }

  async #logged(before, isRunning) {
    const { faults, runs, last } = await this.#console();
    if (faults.length > 0) return faults;
    if (before !== undefined && runs < before.runs) return [`the console had ${before.runs} runs and has ${runs}`];
    if (!isRunning) return [];
    const deadline = performance.now() + PATIENCE;
    while (performance.now() < deadline) {
      const now = await this.#console();
      if (now.faults.length > 0) return now.faults;
      if (now.runs !== runs || now.last > last) return [];
      await sleep(50);
    }
    return ["the hero runs, and its console is logged no longer"];
  }

  #console() {
    return readConsole(this.#what.guests.console);
  }

  async #settled(work) {
    try {
      await work;
      return "done";
    } catch (error) {
      return error instanceof StuckError ? "stuck" : error.message;
    }
  }

  async #restart() {
    await this.#client.close();
    await this.#what.daemon.start();
    await this.#connect();
  }

  async #connect() {
    this.#client = await Client.open(this.#what.host, this.#what.daemon.socket);
  }

  #count(phase, victim) {
    this.kills += 1;
    const key = `${phase} ${victim}`;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }
}
