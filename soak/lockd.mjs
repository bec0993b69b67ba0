// `npm run soak -- lockd`: the lock daemon and its keeper are killed, and the daemon's program is changed, while locks are taken
// and given back and guests end. Somebody who knows nothing of the daemon looks all the time whether the files are locked.
import { readdir, readlink } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { connectFor, startPolyvisorLockd, withinReason } from "../plugins/lock-lockd/dist/testing/daemons.js";
import { fileLock, isLocked, TestHost } from "../plugins/lock-lockd/dist/testing/test-host.js";
import { Random } from "./lib/random.mjs";

export const options = { count: { type: "string", default: "200" } };

export const usage = `lockd [--count N]
  --count    how often something is killed (default 200)`;

const DISKS = 6;
const GUESTS = 4;
/** What happens to the daemon in a round. */
const ATTACKS = ["kill the daemon", "kill the keeper", "change the program"];
/** The attack comes so long after the calls at the latest, in milliseconds. */
const LATEST = 30;

/** @returns {Promise<import("./lib/report.mjs").Report>} */
export async function run({ values, seed, log }) {
  const soak = new LockdSoak(await TestHost.open(), seed);
  await soak.begin();
  const count = Number(values.count);
  while (soak.rounds < count && soak.faults.length === 0) {
    await soak.round();
    if (soak.rounds % 20 === 0) log(`${soak.rounds} rounds, ${soak.looks} looks`);
  }
  await soak.end();
  return { faults: soak.faults, rows: soak.rows, details: [{ looks: soak.looks }] };
}

async function openFilesOf(pid) {
  const folder = `/proc/${pid}/fd`;
  const names = await readdir(folder).catch(() => []);
  return Promise.all(names.map((name) => readlink(`${folder}/${name}`).catch(() => "")));
}

class LockdSoak {
  rounds = 0;
  looks = 0;
  /** @type {string[]} */
  faults = [];
  #host;
  #random;
  #daemon;
  #disks = [];
  #guests = [];
  /** Which guest has a disk. */
  #holders = new Map();
  /** Disks about which something is under way: nothing is expected of them. */
  #unsettled = new Set();
  #counts = new Map();
  #watching = true;

  constructor(host, seed) {
    this.#host = host;
    this.#random = new Random(seed, "lockd");
  }

  get rows() {
    return [...this.#counts].map(([attack, times]) => ({ attack, times }));
  }

  async begin() {
    for (let index = 0; index < DISKS; index++) this.#disks.push(await this.#host.newFile(`disk${index}`));
    for (let index = 0; index < GUESTS; index++) this.#guests.push(this.#host.startGuest());
    this.#daemon = await startPolyvisorLockd(this.#host.folder);
    void this.#watch();
  }

  async end() {
    this.#watching = false;
    await this.#host.close(this.#daemon);
  }

  async round() {
    this.rounds++;
    const attack = this.#random.pick(ATTACKS);
    this.#counts.set(attack, (this.#counts.get(attack) ?? 0) + 1);
    const chosen = this.#disks.filter(() => this.#random.below(2) === 0);
    const work = chosen.map((disk) => ({ disk, guest: this.#holders.get(disk) })).map((each) => this.#work(each));
    await sleep(this.#random.below(LATEST));
    await this.#attack(attack);
    await Promise.all(work);
    for (const disk of this.#disks) await this.#check(disk);
  }

  /** Takes a free disk; gives one back that is held, or ends its guest. */
  async #work({ disk, guest }) {
    // Another disk's work has ended the guest; the daemon may not have seen it yet.
    if (guest !== this.#holders.get(disk)) return;
    this.#unsettled.add(disk);
    if (guest === undefined) {
      const taker = this.#random.pick(this.#guests);
      const isTaken = await this.#done(taker, (calls) => calls.acquireResource(fileLock(disk)));
      // Another disk's work may have ended it.
      if (this.#lives(taker.pid) && isTaken) this.#holders.set(disk, taker);
      else if (!isTaken) this.faults.push(`round ${this.rounds}: ${disk} is free and cannot be had`);
    } else if (this.#random.below(4) === 0 || !this.#lives(guest.pid)) this.#endGuest(guest);
    else {
      await this.#done(guest, (calls) => calls.releaseResource(fileLock(disk)));
      this.#holders.delete(disk);
    }
    this.#unsettled.delete(disk);
  }

  #endGuest(guest) {
    for (const [disk, holder] of this.#holders) if (holder === guest) this.#holders.delete(disk);
    const index = this.#guests.indexOf(guest);
    if (index < 0) return;
    this.#guests[index] = this.#host.startGuest();
    guest.end();
  }

  /** As a client does that goes on over a new connection; false where the lock is another's. */
  async #done({ pid }, call) {
    for (;;) {
      try {
        const connection = await connectFor(this.#daemon.socket, pid);
        try {
          await call(connection);
          return true;
        } finally {
          await connection.client.close();
        }
      } catch (error) {
        if (["RESOURCE_BUSY", "OPERATION_INVALID"].includes(error.code)) return !this.#lives(pid);
        await sleep(10);
      }
    }
  }

  #lives(pid) {
    return this.#guests.some((guest) => guest.pid === pid);
  }

  async #attack(attack) {
    if (attack === "kill the daemon") {
      await this.#daemon.kill();
      this.#daemon = await startPolyvisorLockd(this.#host.folder);
    } else if (attack === "change the program") this.#daemon.process.kill("SIGUSR1");
    else {
      const [keeper, ...others] = await this.#host.keepers();
      if (keeper === undefined) return;
      if (others.length > 0) this.faults.push(`round ${this.rounds}: ${others.length + 1} keepers`);
      process.kill(keeper, "SIGKILL");
      // Until it has everything, the daemon must not die as well.
      await withinReason("another keeper has all locks", async () => {
        const [other, ...more] = await this.#host.keepers();
        const held = this.#disks.filter((disk) => this.#holders.has(disk) && !this.#unsettled.has(disk));
        if (other === undefined || other === keeper || more.length > 0) return false;
        const files = await openFilesOf(other);
        return this.#unsettled.size === 0 && held.every((disk) => files.includes(disk));
      });
    }
  }

  async #check(disk) {
    const holder = this.#holders.get(disk);
    if (holder !== undefined) {
      if (!(await isLocked(disk))) this.faults.push(`round ${this.rounds}: ${disk} is not locked any more`);
    } else
      await withinReason(`${disk} is free`, async () => !(await isLocked(disk))).catch((error) =>
        this.faults.push(`round ${this.rounds}: ${error.message}`),
      );
  }

  /** Who knows nothing of the daemon finds every disk locked that a guest has, at any time. */
  async #watch() {
    while (this.#watching && this.faults.length === 0) {
      for (const disk of this.#disks) {
        const isSure = () => this.#holders.has(disk) && !this.#unsettled.has(disk);
        if (!isSure()) continue;
        const locked = await isLocked(disk);
        this.looks++;
        if (!locked && isSure()) this.faults.push(`round ${this.rounds}: ${disk} was not locked for a moment`);
      }
      await sleep(2);
    }
  }
}
