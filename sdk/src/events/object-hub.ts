import {
  type EventSubject,
  type ObjectEvent,
  type ObjectEventKind,
  type ObjectEventSource,
  objectKey,
  type Unsubscribe,
} from "@polyvisor/core";
import { EventHub } from "./event-hub.js";

/** A driver's events about networks, storage pools, node devices and secrets. */
export class ObjectEventHub extends EventHub<ObjectEvent> implements ObjectEventSource {
  subscribe(
    kind: ObjectEventKind,
    about: EventSubject | undefined,
    listener: (event: ObjectEvent) => void,
  ): Unsubscribe {
    return this.add(kind, { key: about && objectKey(about), listener });
  }

  protected keyOf(event: ObjectEvent): string {
    return objectKey(event.object);
  }
}
