import { createConnection } from "node:net";
import type { MessageBus } from "@homebridge/dbus-native";
import { BusStream } from "./bus-stream.js";

/** A call of some service's method; the signature is that of `body`. */
export interface BusCall {
  readonly destination: string;
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  readonly signature: string;
  readonly body: readonly unknown[];
}

/** The part of the library's client that its types leave out. */
type CreateClient = (options: { readonly stream: BusStream }) => MessageBus;

/** Where the system's bus is, unless the environment says otherwise. */
const ADDRESS = "unix:path=/run/dbus/system_bus_socket";

/**
 * The system's bus: one connection for all calls, which do not wait for one another. It is made by the first call, and again
 * by the first one after it was lost.
 */
export class SystemBus {
  #link: Promise<Link> | undefined;

  /** Rejects where the bus or the service is not there, and when the connection is lost before the answer. */
  async call(call: BusCall): Promise<unknown> {
    this.#link ??= this.#connect();
    return (await this.#link).call(call);
  }

  #connect(): Promise<Link> {
    const forget = () => {
      if (this.#link === made) this.#link = undefined;
    };
    const made = connect(forget);
    made.catch(forget);
    return made;
  }
}

async function connect(lost: () => void): Promise<Link> {
  // Most daemons never ask: the library is loaded by the first call.
  const { default: dbus } = await import("@homebridge/dbus-native");
  const { createClient } = dbus as unknown as { readonly createClient: CreateClient };
  const path = socketOf(process.env.DBUS_SYSTEM_BUS_ADDRESS ?? ADDRESS);
  const stream = new BusStream(createConnection(path));
  return new Link(createClient({ stream }), stream, lost);
}

/** One connection, as long as it lasts. */
class Link {
  readonly #bus: MessageBus;
  readonly #waiting = new Set<(reason: Error) => void>();
  #over: Error | undefined;

  constructor(bus: MessageBus, stream: BusStream, lost: () => void) {
    this.#bus = bus;
    const end = (reason: Error): void => {
      if (this.#over !== undefined) return;
      this.#over = reason;
      lost();
      stream.destroy();
      for (const reject of this.#waiting) reject(reason);
      this.#waiting.clear();
    };
    const closed = () => end(new Error("the bus closed the connection"));
    bus.connection.on("error", end);
    bus.connection.on("end", closed);
    stream.once("close", closed);
  }

  call(call: BusCall): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#over !== undefined) throw this.#over;
      this.#waiting.add(reject);
      this.#bus.invoke({ ...call, body: [...call.body] }, (error, reply: unknown) => {
        this.#waiting.delete(reject);
        if (error) reject(new Error(`${error.name ?? "error"}: ${String(error.message)}`));
        else resolve(reply);
      });
    });
  }
}

/** The path of the first unix socket in a list of addresses such as `unix:path=/run/dbus/system_bus_socket`. */
export function socketOf(addresses: string): string {
  for (const address of addresses.split(";")) {
    const [transport = "", rest = ""] = address.split(":", 2);
    if (transport !== "unix") continue;
    const values = new Map(
      rest.split(",").map((pair) => pair.split("=", 2).map(decodeURIComponent) as [string, string]),
    );
    const path = values.get("path");
    if (path !== undefined) return path;
    const abstract = values.get("abstract");
    if (abstract !== undefined) return `\0${abstract}`;
  }
  throw new Error(`no unix socket in the address of the system's bus: ${addresses}`);
}
