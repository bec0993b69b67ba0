import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type Connection, createHost, DOMAIN_EVENT_KINDS, type DomainEvent } from "@polyvisor/core";

const PLUGIN = fileURLToPath(new URL("../..", import.meta.url));

/** Runs `body` on `test:///default`, and closes it. */
export async function withConnection<T>(body: (connection: Connection) => Promise<T>): Promise<T> {
  await using host = await createHost({ plugins: [PLUGIN] });
  await using connection = await host.open("test:///default");
  return await body(connection);
}

/** A domain with a disk whose guest behaves as `behaviour` says. */
export function guestXml(name: string, behaviour: string): string {
  return `<domain type='test'><name>${name}</name><memory>1024</memory><os><type>hvm</type></os>
  <metadata><sim:behaviour xmlns:sim='urn:polyvisor:test:1'>${behaviour}</sim:behaviour></metadata>
  <devices><disk type='file' device='disk'><source file='/disk'/><target dev='vda'/></disk></devices></domain>`;
}

/** What comes, kind by kind, until the connection closes. */
export async function listen(connection: Connection): Promise<DomainEvent[]> {
  const heard: DomainEvent[] = [];
  const events = await connection.events({ kinds: DOMAIN_EVENT_KINDS });
  void (async () => {
    for await (const event of events) heard.push(event);
  })();
  return heard;
}

/** Waits until `met` gives something. */
export async function until<T>(met: () => Promise<T | undefined | false> | T | undefined | false): Promise<T> {
  const end = performance.now() + 60_000;
  for (;;) {
    const found = await met();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > end) throw new Error("what was waited for does not come");
    await delay(5);
  }
}
