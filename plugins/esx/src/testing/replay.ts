import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type Exchange, lengthened, shortened } from "./exchange.js";

/**
 * Plays a recorded conversation with vcsim, a simulator of vSphere, once and strictly: each request must be, to the letter, the
 * one that was recorded next. It has no answer of its own to give.
 */
export interface Replay {
  readonly port: number;
  /** What did not go as recorded: empty for a client that says what it said then. */
  readonly deviations: readonly string[];
  /** How many exchanges have not come yet. */
  readonly left: number;
  close(): void;
}

export async function startReplay(exchanges: readonly Exchange[]): Promise<Replay> {
  const deviations: string[] = [];
  let next = 0;
  const server = createServer((incoming, outgoing) => {
    const parts: Buffer[] = [];
    incoming.on("data", (part: Buffer) => parts.push(part));
    incoming.on("end", () => {
      const asked = `${incoming.method} ${incoming.url} ${shortened(Buffer.concat(parts).toString())}`;
      const exchange = exchanges[next];
      const expected = exchange && `${exchange.method} ${exchange.path} ${exchange.request}`;
      if (exchange === undefined || asked !== expected) {
        deviations.push(`exchange ${next}: expected ${expected ?? "nothing more"}, but ${asked} came`);
        outgoing.writeHead(501).end();
        return;
      }
      next++;
      const head: Record<string, string> = { "Content-Type": exchange.type };
      if (exchange.request.includes("<Login ")) head["Set-Cookie"] = "vmware_soap_session=replay";
      const { reply, encoding } = exchange;
      const body = encoding === "base64" ? Buffer.from(reply, "base64") : lengthened(reply);
      outgoing.writeHead(exchange.status, head).end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    deviations,
    get left() {
      return exchanges.length - next;
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
