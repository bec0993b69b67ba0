import { connectionClosedEvent, domainEvents, objectEvents, publicName } from "@polyvisor/core";
import { Counter, collectDefaultMetrics, Gauge, type Histogram, Registry } from "prom-client";
import { type CallFigures, DURATION_BOUNDS, type Meter } from "../rpc/meter.js";
import type { SessionServer } from "../rpc/server.js";
import { countJobs } from "./jobs.js";

/** How finely the event loop's delay is watched, in milliseconds: finer would keep an idle daemon awake. */
const LOOP_PRECISION_MS = 100;

/** What the metrics are about. */
export interface Measured {
  readonly server: SessionServer;
  readonly meter: Meter;
}

/** Everything that is measured. All of it is worked out when it is read. */
export function metricsRegistry({ server, meter }: Measured): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: LOOP_PRECISION_MS });
  addCalls(registry, meter);
  addClients(registry, server);
  addLoad(registry, server);
  return registry;
}

function addCalls(registry: Registry, meter: Meter): void {
  new Counter({
    name: "polyvisor_calls_total",
    help: "Calls answered, by the call's name and its result: ok, or the error's code.",
    labelNames: ["call", "result"],
    registers: [registry],
    collect() {
      this.reset();
      for (const { entry, succeeded, failed } of meter.calls) {
        const call = publicName(entry.name);
        this.inc({ call, result: "ok" }, succeeded);
        for (const [result, count] of failed) this.inc({ call, result }, count);
      }
    },
  });
  registry.registerMetric(durations(meter));
  new Counter({
    name: "polyvisor_events_total",
    help: "Events sent to clients, by kind.",
    labelNames: ["event"],
    registers: [registry],
    collect() {
      this.reset();
      for (const [procedure, count] of meter.events)
        this.inc({ event: EVENT_NAMES.get(procedure) ?? String(procedure) }, count);
      if (meter.monitorEvents > 0) this.inc({ event: "monitor" }, meter.monitorEvents);
    },
  });
}

/** A histogram out of the figures that the meter has. Of a metric that is registered, the library uses no more than this. */
function durations(meter: Meter): Histogram {
  const name = "polyvisor_call_duration_seconds";
  const described = {
    name,
    help: "Time from when a call has come until it is answered, by the call's name.",
    type: "histogram",
    aggregator: "sum",
  };
  const metric = { name, get: async () => ({ ...described, values: meter.calls.flatMap(durationValues(name)) }) };
  return metric as unknown as Histogram;
}

const durationValues =
  (name: string) =>
  ({ entry, seconds, durations: counts }: CallFigures) => {
    const call = publicName(entry.name);
    let sum = 0;
    const buckets = counts.map((count, index) => {
      sum += count;
      return { metricName: `${name}_bucket`, labels: { call, le: DURATION_BOUNDS[index] ?? "+Inf" }, value: sum };
    });
    return [
      ...buckets,
      { metricName: `${name}_sum`, labels: { call }, value: seconds },
      { metricName: `${name}_count`, labels: { call }, value: sum },
    ];
  };

function addClients(registry: Registry, server: SessionServer): void {
  new Gauge({
    name: "polyvisor_clients",
    help: "Clients that are served, those among them that have not logged in yet, and those that wait to be served.",
    labelNames: ["state"],
    registers: [registry],
    collect() {
      this.set({ state: "served" }, server.clients);
      this.set({ state: "anonymous" }, server.anonymousClients);
      this.set({ state: "waiting" }, server.queuedClients);
    },
  });
  new Gauge({
    name: "polyvisor_clients_max",
    help: "Clients that are served at a time.",
    registers: [registry],
    collect() {
      this.set(server.live.maxClients);
    },
  });
}

function addLoad(registry: Registry, server: SessionServer): void {
  new Gauge({
    name: "polyvisor_calls",
    help: "Calls under way: running ones by priority, and those that wait for other calls of their client.",
    labelNames: ["state"],
    registers: [registry],
    collect() {
      const sum = { slow: 0, high: 0, waiting: 0 };
      for (const { calls } of server.sessions)
        for (const state of ["slow", "high", "waiting"] as const) sum[state] += calls[state];
      this.set({ state: "running" }, sum.slow);
      this.set({ state: "running_high_priority" }, sum.high);
      this.set({ state: "waiting" }, sum.waiting);
    },
  });
  new Gauge({
    name: "polyvisor_held_bytes",
    help: "Bytes kept for clients: messages that are not complete, or that have not been taken yet.",
    registers: [registry],
    collect() {
      this.set([...server.sessions].reduce((sum, { held }) => sum + held, 0));
    },
  });
  new Gauge({
    name: "polyvisor_jobs",
    help: "Jobs of domains that a client is connected to, by hypervisor and state.",
    labelNames: ["uri", "state"],
    registers: [registry],
    async collect() {
      this.reset();
      for (const { uri, state, count } of await countJobs(server.sessions)) this.set({ uri, state }, count);
    },
  });
}

/** An event that has a procedure for each generation of the protocol has one name all the same. */
const EVENT_NAMES = new Map<number | undefined, string>([
  ...Object.entries(domainEvents).flatMap(([kind, { number, legacy }]) => [
    [number, kind] as const,
    [legacy, kind] as const,
  ]),
  ...Object.entries(objectEvents).map(([kind, { number }]) => [number, kind] as const),
  [connectionClosedEvent.number, "connectionClosed"],
]);
