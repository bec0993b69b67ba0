import { type DomainEvent, DomainRef, silentLog } from "@polyvisor/core";
import test from "ava";
import { DomainEventHub } from "./index.js";

const refOf = (digit: number) => new DomainRef(`d${digit}`, `00000000-0000-0000-0000-00000000000${digit}`, -1);
const lifecycle = (digit: number, detail: number): DomainEvent => ({
  kind: "lifecycle",
  dom: refOf(digit),
  event: 5,
  detail,
});

/** What a subscriber hears: "name detail". */
function listen(hub: DomainEventHub, only?: DomainRef) {
  const heard: string[] = [];
  const stop = hub.subscribe("lifecycle", only, (event) => {
    if (event.kind === "lifecycle") heard.push(`${event.dom.name} ${event.detail}`);
  });
  return { heard, stop };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test("each listener hears its events in order, and one that fails harms no other", async (t) => {
  const hub = new DomainEventHub(silentLog);
  hub.subscribe("lifecycle", undefined, () => {
    throw new Error("a broken listener");
  });
  const all = listen(hub);
  const first = listen(hub, refOf(1));
  for (const [digit, detail] of [
    [1, 0],
    [2, 1],
    [1, 2],
  ] as const)
    hub.emit(lifecycle(digit, detail));
  await first.stop();
  hub.emit(lifecycle(1, 3));
  t.deepEqual(all.heard, ["d1 0", "d2 1", "d1 2", "d1 3"]);
  t.deepEqual(first.heard, ["d1 0", "d1 2"]);
});

test("what a recovery found is told to those who come after it, as long as it is the last of the domain", async (t) => {
  const hub = new DomainEventHub(silentLog);
  const early = listen(hub);
  await hub.recover(async () => {
    for (const [digit, detail] of [
      [1, 0],
      [1, 1],
      [2, 2],
      [3, 3],
    ] as const)
      hub.emit(lifecycle(digit, detail));
  });
  hub.emit(lifecycle(2, 4));
  const late = listen(hub);
  const ofThird = listen(hub, refOf(3));
  const left = listen(hub);
  await left.stop();
  t.deepEqual(late.heard, [], "not before the subscription is answered");
  hub.emit(lifecycle(3, 5));
  await turn();
  t.deepEqual(early.heard, ["d1 0", "d1 1", "d2 2", "d3 3", "d2 4", "d3 5"]);
  t.deepEqual(late.heard, ["d3 5", "d1 1"]);
  t.deepEqual(ofThird.heard, ["d3 5"]);
  t.deepEqual(left.heard, []);
});
