import type { Connection, ObjectEvent, ObjectEventKind } from "@polyvisor/core";
import type { Check } from "../../kit/index.js";

/** What a connection has been told since it listens. */
export interface Heard {
  readonly events: readonly ObjectEvent[];
  /** Waits until such an event has come; gives the first. */
  until(what: string, fits: (event: ObjectEvent) => boolean): Promise<ObjectEvent>;
}

/**
 * Listens until the case is over. `onEvent` is called at once for each event, so that what it tells can be looked up in the
 * very moment in which it is told.
 */
export async function listen(
  connection: Connection,
  check: Check,
  kinds: readonly ObjectEventKind[],
  onEvent: (event: ObjectEvent) => void = () => {},
): Promise<Heard> {
  const events: ObjectEvent[] = [];
  const stream = await connection.objectEvents({ kinds, signal: check.signal });
  check.cleanup(() => stream.return?.());
  void (async () => {
    for await (const event of stream) {
      events.push(event);
      onEvent(event);
    }
  })().catch(() => {});
  return {
    events,
    until: (what, fits) => check.eventually(what, () => events.find(fits)),
  };
}
