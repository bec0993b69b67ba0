// A stand-in for a hypervisor with consoles, slow calls and many events: one domain, nothing behind it.
import { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { DomainRef, providers, silentLog, VirtError } from "@polyvisor/core";
import { DomainEventHub } from "@polyvisor/sdk/events";

const DOMAIN = new DomainRef("soak", "50ac50ac-50ac-50ac-50ac-50ac50ac50ac", 1);

/** Consoles by the name that a client gives. */
const CONSOLES = {
  /** Sends back what it gets. */
  echo: () =>
    new Duplex({
      read() {},
      write(chunk, _encoding, done) {
        done();
        this.push(chunk);
      },
      final(done) {
        this.push(null);
        done();
      },
    }),
  /** Talks without an end. */
  endless: () => {
    const timer = setInterval(() => stream.push(Buffer.alloc(4096, "x")), 5);
    const stream = sink(() => clearInterval(timer));
    return stream;
  },
  /** Talks as fast as it is read. */
  flood: () =>
    new Duplex({
      read() {
        this.push(Buffer.alloc(65536, "x"));
      },
      write: (_chunk, _encoding, done) => done(),
    }),
  /** Breaks down after a moment. */
  dies: () => {
    const timer = setTimeout(() => stream.destroy(new Error("the console broke down")), 10);
    const stream = sink(() => clearTimeout(timer));
    return stream;
  },
  /** Ends by itself. */
  ends: () => {
    const stream = sink();
    stream.push("bye");
    stream.push(null);
    return stream;
  },
  /** Takes nothing of what it is sent. */
  stalls: () => new Duplex({ read() {}, write() {} }),
};

function sink(closed = () => {}) {
  return new Duplex({
    read() {},
    write: (_chunk, _encoding, done) => done(),
    destroy(error, done) {
      closed();
      done(error);
    },
  });
}

class StandIn {
  #events = new DomainEventHub(silentLog);

  open() {
    return {
      uri: "soak:///default",
      resolveDomain: find,
      events: this.#events,
      close() {},
      connectGetType: () => "SOAK",
      connectGetHostname: () => "soak",
      connectGetCapabilities: () => `<capabilities>${"x".repeat(100_000)}</capabilities>`,
      connectListAllDomains: () => [DOMAIN],
      domainLookupByName: ({ name }) => find({ ...DOMAIN, name, uuid: name === DOMAIN.name ? DOMAIN.uuid : "" }),
      domainGetState: () => ({ state: 1, reason: 1 }),
      domainGetInfo: () => ({ state: 1, maxMem: 1n, memory: 1n, nrVirtCpu: 1, cpuTime: 1n }),
      domainGetXMLDesc: ({ dom }) => `<domain type='soak'><name>${dom.name}</name></domain>`,
      /** A slow call; it ends early for a client that is gone. */
      domainCreate: (_args, { signal }) => sleep(20, undefined, { signal }).catch(() => {}),
      domainReboot: () => sleep(1),
      domainSuspend: ({ dom }) => this.#events.emit({ kind: "lifecycle", dom, event: 3, detail: 0 }),
      domainResume: ({ dom }) => this.#events.emit({ kind: "lifecycle", dom, event: 4, detail: 0 }),
      /** A thousand events at once. */
      domainReset: ({ dom }) => {
        for (let i = 0; i < 1000; i++) this.#events.emit({ kind: "rtcChange", dom, offset: BigInt(i) });
      },
      domainOpenConsole: ({ devName }) => openConsole(devName ?? "echo"),
    };
  }
}

function find({ name, uuid }) {
  if (uuid === DOMAIN.uuid) return DOMAIN;
  throw new VirtError("NO_DOMAIN", `no domain with matching name '${name}'`);
}

function openConsole(name) {
  if (!Object.hasOwn(CONSOLES, name)) throw new VirtError("INTERNAL_ERROR", `cannot find character device ${name}`);
  return CONSOLES[name]();
}

export default providers({ "hypervisor.v1": StandIn });
