import { DOMAIN_STATE, PAUSED_REASON, RUNNING_REASON, SHUTOFF_REASON, XML_FLAG } from "@polyvisor/core";
import { definitionIn } from "./guests.mjs";

/**
 * @typedef {{ rev: number, memory: number, current: number }} Definition
 * @typedef {{ state: number, reason: number, rev: number, id?: number }} Run `rev` is the revision it was started with; `id` is left out where it is not known
 * @typedef {{ definition?: Definition, autostart: boolean, run?: Run }} World what a domain may be like
 * @typedef {World & { ended?: number, xml?: string }} Seen what it is like: with the reason why it is off, and its definition's document
 */

/** @type {World} */
export const NOTHING = { autostart: false };

export const booted = (rev, id) => ({ state: DOMAIN_STATE.RUNNING, reason: RUNNING_REASON.BOOTED, rev, id });
export const asPaused = (run) => ({ ...run, state: DOMAIN_STATE.PAUSED, reason: PAUSED_REASON.USER });
export const asResumed = (run) => ({ ...run, state: DOMAIN_STATE.RUNNING, reason: RUNNING_REASON.UNPAUSED });
export const isPaused = (run) => run?.state === DOMAIN_STATE.PAUSED;
export const CRASHED = SHUTOFF_REASON.CRASHED;

/** Without a definition nothing can start by itself. @param {World} world @returns {World} */
export const without = (world) => ({ run: world.run, autostart: false });
/** @returns {World} */
export const off = (world) => ({ definition: world.definition, autostart: world.autostart });

/** @param {World} world @param {Seen} seen */
export function matches(world, seen) {
  return (
    sameDefinition(world.definition, seen.definition) &&
    world.autostart === seen.autostart &&
    sameRun(world.run, seen.run)
  );
}

function sameDefinition(expected, seen) {
  if (expected === undefined || seen === undefined) return expected === seen;
  return expected.rev === seen.rev && expected.memory === seen.memory && expected.current === seen.current;
}

function sameRun(expected, seen) {
  if (expected === undefined || seen === undefined) return expected === seen;
  const sameId = expected.id === undefined || expected.id === seen.id;
  return sameId && expected.state === seen.state && expected.reason === seen.reason && expected.rev === seen.rev;
}

/** @param {World} world */
export function wordsOf({ definition, autostart, run }) {
  const defined =
    definition === undefined
      ? "undefined"
      : `revision ${definition.rev}, ${definition.current}/${definition.memory} KiB`;
  const runs =
    run === undefined ? "off" : `state ${run.state}, reason ${run.reason}, id ${run.id}, runs revision ${run.rev}`;
  return `(${defined}${autostart ? ", autostart" : ""}; ${runs})`;
}

const isMissing = (error) => error.code === "NO_DOMAIN";

/** Asks a daemon about one domain. @returns {Promise<Seen>} */
export async function see(api, { name, uuid }) {
  for (let tries = 0; ; tries++) {
    try {
      const dom = await api.domainLookupByUUID({ uuid });
      if (dom.name !== name) throw new Error(`the domain with the UUID of ${name} is called ${dom.name}`);
      return await ask(api, dom);
    } catch (error) {
      // One that ends while it is asked about is looked for again.
      if (!isMissing(error) || tries > 3) throw error;
      if (tries > 0) return NOTHING;
    }
  }
}

async function ask(api, dom) {
  const [{ state, reason }, persistent, live] = await Promise.all([
    api.domainGetState({ dom, flags: 0 }),
    api.domainIsPersistent({ dom }),
    api.domainGetXMLDesc({ dom, flags: 0 }),
  ]);
  const isOff = state === DOMAIN_STATE.SHUTOFF;
  const run = isOff ? {} : { run: { state, reason, rev: definitionIn(live).rev, id: dom.id } };
  if (!persistent) return { autostart: false, ...run };
  const [xml, autostart] = await Promise.all([
    api.domainGetXMLDesc({ dom, flags: XML_FLAG.INACTIVE | XML_FLAG.SECURE }),
    api.domainGetAutostart({ dom }),
  ]);
  return { definition: definitionIn(xml), autostart, ...run, xml, ...(isOff ? { ended: reason } : {}) };
}
