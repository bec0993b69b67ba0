import { setTimeout as sleep } from "node:timers/promises";
import { AFFECT, CREATE_FLAG, DOMAIN_STATE } from "@polyvisor/core";
import { STUCK_MS, StuckError } from "./client.mjs";
import { documentOf } from "./guests.mjs";
import { asPaused, asResumed, booted, isPaused, off, see, without } from "./world.mjs";

/**
 * @typedef {import("./world.mjs").World} World
 *
 * @typedef {object} Plan one operation, about to be sent
 * @property {(api: any) => Promise<any>} send
 * @property {(answer: any) => World} done what the acknowledged operation makes of the domain
 * @property {World[]} [between] what it may leave when it is cut short, besides all and nothing
 *
 * @typedef {object} Operation
 * @property {(world: World, kind: import("./guests.mjs").GuestKind) => boolean} can
 * @property {(kind: import("./guests.mjs").GuestKind) => number} weight how often it is chosen, relative to others
 * @property {(world: World, lane: import("./lane.mjs").Lane) => Plan} plan
 */

const MIB = 1024;
const always = (weight) => () => weight;
const isOff = ({ run }) => run === undefined;
const isOn = ({ run }) => run !== undefined;
const isDefined = ({ definition }) => definition !== undefined;

/** @type {Record<string, Operation>} */
export const OPERATIONS = {
  define: {
    can: () => true,
    weight: ({ transient, name }) => (transient ? 1 : name === "churn" ? 10 : 4),
    plan(world, lane) {
      const definition = lane.newDefinition();
      return {
        send: (api) => api.domainDefineXMLFlags({ xml: documentOf(lane.kind, definition), flags: 0 }),
        done: () => ({ ...world, definition }),
      };
    },
  },
  undefine: {
    can: isDefined,
    weight: ({ transient, name }) => (transient || name === "churn" ? 6 : 1),
    plan: (world, { dom }) => ({
      send: (api) => api.domainUndefineFlags({ dom, flags: 0 }),
      done: () => without(world),
      // The link that makes it start goes first: better defined and still than gone and started.
      between: [{ ...world, autostart: false }],
    }),
  },
  setAutostart: {
    can: isDefined,
    weight: ({ autostart }) => (autostart ? 3 : 1),
    plan: (world, { dom }) => ({
      send: (api) => api.domainSetAutostart({ dom, autostart: !world.autostart }),
      done: () => ({ ...world, autostart: !world.autostart }),
    }),
  },
  setMemory: {
    can: isDefined,
    weight: always(2),
    plan(world, { dom, random }) {
      const current = random.from(16, world.definition.memory / MIB) * MIB;
      return {
        send: (api) => api.domainSetMemoryFlags({ dom, memory: BigInt(current), flags: AFFECT.CONFIG }),
        done: () => ({ ...world, definition: { ...world.definition, current } }),
      };
    },
  },
  start: {
    can: (world) => isDefined(world) && isOff(world),
    weight: ({ transient }) => (transient ? 3 : 8),
    plan(world, { dom, random }) {
      const paused = random.chance(0.2);
      return {
        send: (api) => api.domainCreateWithFlags({ dom, flags: paused ? CREATE_FLAG.PAUSED : 0 }),
        done: (answer) => started(world, world.definition.rev, paused, answer?.id),
      };
    },
  },
  createXML: {
    can: isOff,
    weight: ({ transient }) => (transient ? 8 : 1),
    plan(world, lane) {
      const definition = lane.newDefinition();
      const paused = lane.random.chance(0.2);
      const flags = paused ? CREATE_FLAG.PAUSED : 0;
      return {
        send: (api) => api.domainCreateXML({ xmlDesc: documentOf(lane.kind, definition), flags }),
        done: (answer) => started(world, definition.rev, paused, answer?.id),
      };
    },
  },
  suspend: {
    can: ({ run }) => run !== undefined && !isPaused(run),
    weight: always(4),
    plan: (world, { dom }) => ({
      send: (api) => api.domainSuspend({ dom }),
      done: () => ({ ...world, run: asPaused(world.run) }),
    }),
  },
  resume: {
    can: ({ run }) => isPaused(run),
    weight: always(8),
    plan: (world, { dom }) => ({
      send: (api) => api.domainResume({ dom }),
      done: () => ({ ...world, run: asResumed(world.run) }),
    }),
  },
  reset: {
    can: isOn,
    weight: always(1),
    plan: (world, { dom }) => ({ send: (api) => api.domainReset({ dom, flags: 0 }), done: () => world }),
  },
  shutdown: {
    can: ({ run }, { obeys }) => obeys && run !== undefined && !isPaused(run),
    weight: always(4),
    plan: (world, lane) => ({ send: (api) => pressUntilOff(api, lane), done: () => off(world) }),
  },
  destroy: {
    can: isOn,
    weight: always(3),
    plan: (world, { dom }) => ({
      send: (api) => api.domainDestroyFlags({ dom, flags: 0 }),
      done: () => off(world),
    }),
  },
  /** A start, and in the midst of it the end. Which of them comes first is nobody's promise. */
  startDestroy: {
    can: (world) => isDefined(world) && isOff(world),
    weight: always(2),
    plan(world, { dom, random, kind }) {
      const pause = random.below(60);
      let seen;
      const onTheWay = started(world, world.definition.rev, false);
      return {
        async send(api) {
          const start = api.domainCreateWithFlags({ dom, flags: 0 });
          start.catch(() => {});
          await sleep(pause);
          await Promise.allSettled([api.domainDestroyFlags({ dom, flags: 0 }), start]);
          seen = await see(api, kind);
        },
        done: () => (seen.run === undefined ? off(world) : started(world, world.definition.rev, false, seen.run.id)),
        between: [onTheWay],
      };
    },
  },
};

/** @returns {World} */
function started(world, rev, paused, id) {
  const run = booted(rev, id);
  return { ...world, run: paused ? asPaused(run) : run };
}

/** Firmware needs a moment until the guest can notice its button, so it is pressed again and again. */
async function pressUntilOff(api, lane) {
  const deadline = performance.now() + STUCK_MS;
  lane.restless = true;
  for (let tries = 0; performance.now() < deadline; tries++) {
    if (await isGone(api, lane)) {
      lane.restless = false;
      return;
    }
    // It may have gone since it was looked at.
    if (tries % 10 === 0) await api.domainShutdown({ dom: lane.dom }).catch(unlessGone);
    await sleep(50);
  }
  throw new StuckError(`${lane.kind.name} does not shut down within ${STUCK_MS} ms`);
}

async function isGone(api, { dom }) {
  try {
    return (await api.domainGetState({ dom, flags: 0 })).state === DOMAIN_STATE.SHUTOFF;
  } catch (error) {
    if (error.code === "NO_DOMAIN") return true;
    throw error;
  }
}

function unlessGone(error) {
  if (error.code !== "NO_DOMAIN" && error.code !== "OPERATION_INVALID") throw error;
}
