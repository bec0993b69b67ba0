import { DOMAIN_STATE } from "@polyvisor/core";

/** VIR_DOMAIN_AFFECT_LIVE. */
const LIVE = 1;

/**
 * A step of the hero's life during which something is killed.
 *
 * @typedef {object} Phase
 * @property {"off" | "running" | "paused"} from how it is before
 * @property {boolean} [plugged] whether the second disk is in it before
 * @property {(api: object, hero: object, guests: import("./guests.mjs").Guests) => Promise<unknown>} work
 */

/** @type {Record<string, Phase>} */
export const PHASES = {
  start: { from: "off", work: (api, dom) => api.domainCreate({ dom }) },
  plug: {
    from: "running",
    plugged: false,
    work: (api, dom, { further }) => api.domainAttachDeviceFlags({ dom, xml: further, flags: LIVE }),
  },
  unplug: {
    from: "running",
    plugged: true,
    work: (api, dom, { further }) => api.domainDetachDeviceFlags({ dom, xml: further, flags: LIVE }),
  },
  pause: { from: "running", work: (api, dom) => api.domainSuspend({ dom }) },
  resume: { from: "paused", work: (api, dom) => api.domainResume({ dom }) },
  stop: { from: "running", work: (api, dom) => api.domainDestroy({ dom }) },
};

const STATES = {
  [DOMAIN_STATE.RUNNING]: "running",
  [DOMAIN_STATE.PAUSED]: "paused",
  [DOMAIN_STATE.SHUTOFF]: "off",
  [DOMAIN_STATE.CRASHED]: "off",
};

/** @returns {Promise<"running" | "paused" | "off" | undefined>} undefined while it is on its way */
export async function stateOf(api, dom) {
  const { state } = await api.domainGetState({ dom, flags: 0 });
  return STATES[state];
}

export async function isPlugged(api, dom) {
  return (await api.domainGetXMLDesc({ dom, flags: 0 })).includes("second.img");
}

/** Brings the hero to where a phase begins. What fails here is a fault: nothing is being killed. */
export async function bringTo({ from, plugged }, api, dom, guests) {
  const state = await stateOf(api, dom);
  if (from === "off") {
    if (state !== "off") await api.domainDestroy({ dom });
    return;
  }
  if (state === "off") await api.domainCreate({ dom });
  else if (state === "paused" && from === "running") await api.domainResume({ dom });
  if (plugged !== undefined && plugged !== (await isPlugged(api, dom))) {
    const change = plugged ? "domainAttachDeviceFlags" : "domainDetachDeviceFlags";
    await api[change]({ dom, xml: guests.further, flags: LIVE });
  }
  if (from === "paused" && (await stateOf(api, dom)) === "running") await api.domainSuspend({ dom });
}
