import { type EventObject, objectEvents } from "../api/object-events.js";
import type { HypervisorCallName } from "../api/programs.js";
import {
  CONTRACTS,
  contractId,
  type HypervisorConnection,
  type ObjectEventSource,
  SUB_CONTRACTS,
  type SubConnection,
  type SubContract,
} from "../contracts/index.js";
import { notSupported } from "./invoke.js";
import { REGISTRATIONS, type Route, registrationOf } from "./route.js";

/** A part of the API that a sub-driver may serve. */
interface Part {
  readonly contract: SubContract;
  readonly calls: readonly string[];
  readonly eventsAbout: readonly EventObject[];
}

const PARTS: readonly Part[] = SUB_CONTRACTS.map((contract) => {
  const { api = {}, eventsAbout = [] } = CONTRACTS.find((each) => contractId(each) === contract) ?? {};
  return { contract, calls: Object.keys(api), eventsAbout };
});

const PART_OF = new Map(PARTS.flatMap((part) => part.calls.map((call) => [call, part] as const)));

const PART_ABOUT = new Map(PARTS.flatMap((part) => part.eventsAbout.map((about) => [about, part] as const)));

/** Registrations, which sessions answer, by the part whose events they are for. */
const PART_REGISTERED = new Map(
  [...PART_ABOUT].flatMap(([about, part]) => {
    const register = REGISTRATIONS[about];
    return [register, register.replace("Register", "Deregister")].map((call) => [call, part] as const);
  }),
);

/** The ways to sub-drivers of one client's connection, for the parts that its own driver lacks. */
type Routes = ReadonlyMap<SubContract, Route>;

/** Of a connection that the host has put together. */
interface Whole {
  readonly driver: HypervisorConnection;
  readonly routes: Routes;
  /** The routes are all there is: no hypervisor is behind it. */
  readonly isAlone?: boolean;
}

const wholes = new WeakMap<HypervisorConnection, Whole>();

/**
 * Called by the host for each connection that a hypervisor's driver opens: the same connection, with the parts that it lacks
 * answered by this host's sub-drivers. `routeTo` gives the way to one, which costs nothing until it is taken, or `undefined`
 * where the host has none.
 */
export function composed(
  driver: HypervisorConnection,
  routeTo: (contract: SubContract) => Route | undefined,
): HypervisorConnection {
  if (driver.isElsewhere) return driver;
  const routes = new Map<SubContract, Route>();
  for (const part of PARTS) {
    if (hasPart(driver, part)) continue;
    const route = routeTo(part.contract);
    if (route !== undefined) routes.set(part.contract, route);
  }
  return routes.size === 0 ? driver : wholeOf({ driver, routes });
}

/** A connection to one sub-driver alone, as a URI such as `network:///system` opens it. */
export async function standalone(uri: string, contract: SubContract, route: Route): Promise<HypervisorConnection> {
  const { lost } = await route.open();
  const [name = ""] = contract.split(".");
  const driver: HypervisorConnection = {
    uri,
    connectGetType: () => name,
    resolveDomain: () => {
      throw notSupported("domainLookupByUUID");
    },
    ...(lost && { lost }),
    close() {},
  };
  return wholeOf({ driver, routes: new Map([[contract, route]]), isAlone: true });
}

/**
 * The connections behind one whose calls it is asked about: its driver's, without what the host has put to that; of a
 * sub-driver alone that of the sub-driver.
 */
export function ownConnections(connection: HypervisorConnection): readonly (HypervisorConnection | SubConnection)[] {
  const whole = wholes.get(connection);
  if (whole === undefined) return [connection];
  const { driver, routes, isAlone } = whole;
  return isAlone ? [driver, ...[...routes.values()].flatMap((route) => route.connection ?? [])] : [driver];
}

/** Who answers a call: the driver's own connection, or that to the sub-driver which has this part. */
export function answererOf(connection: HypervisorConnection, call: string): HypervisorConnection | SubConnection {
  const whole = wholes.get(connection);
  if (whole === undefined) return connection;
  return routeOf(whole.routes, PART_OF.get(call) ?? PART_REGISTERED.get(call))?.connection ?? whole.driver;
}

function hasPart(driver: HypervisorConnection, { calls }: Part): boolean {
  return calls.some((name) => typeof driver[name as HypervisorCallName & keyof HypervisorConnection] === "function");
}

function routeOf(routes: Routes, part: Part | undefined): Route | undefined {
  return part && routes.get(part.contract);
}

/** The driver is its own `this`, so that it may have private fields; what it has is looked up before anything else. */
function wholeOf(whole: Whole): HypervisorConnection {
  const { driver, routes } = whole;
  const methods: Record<PropertyKey, unknown> = Object.assign(Object.create(null), {
    objectEvents: objectEventsOf(whole),
    async close() {
      await Promise.all([...routes.values()].map((route) => route.close()));
      await driver.close();
    },
  });
  const methodOf = (name: string | symbol): unknown => {
    const own: unknown = Reflect.get(driver, name, driver);
    if (typeof own === "function") return own.bind(driver);
    if (own !== undefined || typeof name === "symbol") return own;
    return routeOf(routes, PART_OF.get(name))?.handler(name);
  };
  const connection = new Proxy({} as HypervisorConnection, {
    get(_, name) {
      const known = methods[name];
      if (known !== undefined) return known;
      const value = methodOf(name);
      if (typeof value === "function") methods[name] = value;
      return value;
    },
    has: (_, name) => methods[name] !== undefined || methodOf(name) !== undefined,
  });
  wholes.set(connection, whole);
  return connection;
}

function objectEventsOf({ driver, routes }: Whole): ObjectEventSource {
  return {
    subscribe(kind, about, listener) {
      const route = routeOf(routes, PART_ABOUT.get(objectEvents[kind].about));
      const source = route ?? driver.objectEvents;
      if (source === undefined) throw notSupported(registrationOf(kind));
      return source.subscribe(kind, about, listener);
    },
  };
}
