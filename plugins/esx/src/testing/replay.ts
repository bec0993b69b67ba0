import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type Exchange, lengthened, shortened } from "./exchange.js";

/**
 * Plays a recorded conversation with vcsim, a simulator of vSphere: each request must be, to the letter, one that was recorded.
 * It has no answer of its own to give.
 */
export interface Replay {
  readonly port: number;
  /** What did not go as recorded: empty for a client that says what it said then. */
  readonly deviations: readonly string[];
  /** How many exchanges have not come yet. */
  readonly left: number;
  close(): void;
}

/**
 * `in order`: each request must be the one that was recorded next, and nothing comes twice. `any`: what several clients ask in
 * their own orders gets the answers to the same requests, the last one again where there are no more.
 */
export type ReplayOrder = "in order" | "any";

export async function startReplay(exchanges: readonly Exchange[], order: ReplayOrder = "in order"): Promise<Replay> {
  const deviations: string[] = [];
  let next = 0;
  const given = new Map<string, number>();
  const wordsOf = ({ method, path, request }: Exchange) => `${method} ${path} ${request}`;
  const inAnyOrder = (asked: string): Exchange | undefined => {
    const same = exchanges.filter((each) => wordsOf(each) === asked);
    const times = given.get(asked) ?? 0;
    given.set(asked, times + 1);
    return same[Math.min(times, same.length - 1)];
  };
  const server = createServer((incoming, outgoing) => {
    const parts: Buffer[] = [];
    incoming.on("data", (part: Buffer) => parts.push(part));
    incoming.on("end", () => {
      const asked = `${incoming.method} ${incoming.url} ${shortened(Buffer.concat(parts).toString())}`;
      const exchange = order === "any" ? inAnyOrder(asked) : exchanges[next];
      const expected = exchange && wordsOf(exchange);
      if (exchange === undefined || asked !== expected) {
        deviations.push(`exchange ${next}: expected ${expected ?? "another"}, but ${asked} came`);
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
