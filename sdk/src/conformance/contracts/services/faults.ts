import type { ServiceClient, ServiceName } from "./subject.js";

/** What a provider does wrong, and the case that must fail with it. */
export interface Fault<N extends ServiceName> {
  /** Completes "one that". */
  readonly fault: string;
  readonly caughtBy: string;
  /** Some calls in place of the right ones. `state` is the broken provider's memory. */
  breaks(right: ServiceClient<N>, state: Map<string, unknown>): Partial<ServiceClient<N>>;
}

const lock: readonly Fault<"lock">[] = [
  {
    fault: "lets the guest start without the lease",
    caughtBy: "lock: the process that becomes the guest holds the lease",
    breaks: () => ({ guestWrapper: async () => [] }),
  },
  {
    fault: "takes the leases that it can get",
    caughtBy: "lock: of several leases a guest that runs is given all or none",
    breaks: (right) => ({
      async acquire({ resources, ...rest }) {
        for (const resource of resources) await right.acquire({ ...rest, resources: [resource] });
      },
    }),
  },
  {
    fault: "gives nothing back",
    caughtBy: "lock: a paused guest gives up its leases, and has them again when it goes on",
    breaks: () => ({ release: async () => null }),
  },
  {
    fault: "takes no notice of what is shared",
    caughtBy: "lock: what is shared and what is only read is for all that do the same",
    breaks: (right) => ({
      guestWrapper: ({ owner, resources }) =>
        right.guestWrapper({ owner, resources: resources.map((each) => ({ ...each, flags: 0 })) }),
    }),
  },
];

const log: readonly Fault<"log">[] = [
  {
    fault: "tells of a position that is not up to date",
    caughtBy: "log: the position is exact after each write",
    breaks: (right, state) => ({
      async getLogFilePosition(args) {
        const now = await right.getLogFilePosition(args);
        const before = state.get(args.path);
        state.set(args.path, now);
        return (before ?? now) as typeof now;
      },
    }),
  },
  {
    fault: "empties each file that it opens",
    caughtBy: "log: what is there stays when a file is opened again, unless it is to be emptied",
    breaks: (right) => ({ openLogFile: (args) => right.openLogFile({ ...args, truncate: 1 }) }),
  },
  {
    fault: "reads from the beginning, whatever the position",
    caughtBy: "log: what was written since a position is read from there",
    breaks: (right) => ({
      readLogFile: ({ position, ...rest }) => right.readLogFile({ ...rest, position: { ...position, offset: 0n } }),
    }),
  },
  {
    fault: "drops what the driver says",
    caughtBy: "log: what the driver says stands between what the guest says",
    breaks: () => ({ appendLogFile: async () => {} }),
  },
];

const security: readonly Fault<"security">[] = [
  {
    fault: "puts nothing back",
    caughtBy: "security: labelling and putting back, ten times over",
    breaks: () => ({ restoreLabels: async () => {} }),
  },
  {
    fault: "leaves half of it labelled",
    caughtBy: "security: all is labelled or nothing",
    breaks: (right) => ({
      async setLabels({ guest, targets }) {
        for (const target of targets) await right.setLabels({ guest, targets: [target] });
      },
    }),
  },
  {
    fault: "takes all guests for one",
    caughtBy: "security: what two guests share is put back when neither uses it",
    breaks: (right) => {
      const one = <G extends { readonly uuid: string }>(guest: G): G => ({
        ...guest,
        uuid: "11111111-3b1f-42e7-8462-cb4af457bda7",
      });
      return {
        setLabels: ({ guest, targets }) => right.setLabels({ guest: one(guest), targets }),
        restoreLabels: ({ guest, targets }) => right.restoreLabels({ guest: one(guest), targets }),
      };
    },
  },
  {
    fault: "runs the guest as itself",
    caughtBy: "security: the process that becomes the guest has the guest's label",
    breaks: () => ({
      guestWrapper: async () => ({ argv: [], newPrivileges: false }),
      processIdentity: async () => null,
    }),
  },
  {
    fault: "overlooks what the configuration wants of one file",
    caughtBy: "security: what the configuration leaves alone stays as it is",
    breaks: (right) => ({
      setLabels: ({ guest, targets }) =>
        right.setLabels({ guest, targets: targets.map((target) => ({ ...target, override: null })) }),
    }),
  },
];

const auth: readonly Fault<"auth">[] = [
  {
    fault: "lets anybody in who has the name",
    caughtBy: "auth: nobody else is let in",
    breaks: (right) => ({
      async respond({ login, words }) {
        try {
          return await right.respond({ login, words });
        } catch (error) {
          const [, name] = words.split("\0");
          if (name !== "fred") throw error;
          return { words: "", done: true, name };
        }
      },
    }),
  },
  {
    fault: "has one login for all",
    caughtBy: "auth: each login has a number of its own",
    breaks: (right, state) => ({
      begin(args) {
        const login = (state.get("login") as Promise<number> | undefined) ?? right.begin(args);
        state.set("login", login);
        return login;
      },
    }),
  },
  {
    fault: "goes on with a login that is over",
    caughtBy: "auth: a login that is over is over",
    breaks: () => ({ respond: async () => ({ words: "", done: false, name: null }) }),
  },
];

const policy: readonly Fault<"policy">[] = [
  {
    fault: "gives one question the answer of another",
    caughtBy: "policy: of many questions at once each has its own answer",
    breaks: (right, state) => ({
      async allows(args) {
        state.set("last", args);
        await new Promise((resolve) => setImmediate(resolve));
        return right.allows(state.get("last") as typeof args);
      },
    }),
  },
  {
    fault: "allows what it does not know",
    caughtBy: "policy: what is said beside the question opens nothing",
    breaks: (right) => ({
      allows: async (args) => "conformance" in args.attributes || right.allows(args),
    }),
  },
  {
    fault: "breaks for good on odd words",
    caughtBy: "policy: any words are an answer's, and change no other",
    breaks: (right, state) => ({
      async allows(args) {
        if (args.permission === "__proto__") state.set("broken", true);
        if (state.has("broken")) throw new Error("broken");
        return right.allows(args);
      },
    }),
  },
];

/** At least two for each kit; each is caught, or the kit is worth nothing. */
export const FAULTS: { readonly [N in ServiceName]: readonly Fault<N>[] } = { lock, log, security, auth, policy };
