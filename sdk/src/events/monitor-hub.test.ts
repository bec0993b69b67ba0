import { DomainRef, type MonitorEventFilter, silentLog, type VirtError } from "@polyvisor/core";
import test from "ava";
import { MonitorEventHub } from "./index.js";

const dom = new DomainRef("a", "00000000-0000-0000-0000-000000000001", 1);
const other = new DomainRef("b", "00000000-0000-0000-0000-000000000002", 2);
const REGEX = 1;
const NOCASE = 2;

/** Which of these events reach a listener with that filter. */
function heardOf(filter: Partial<MonitorEventFilter>, names: readonly string[]): string[] {
  const hub = new MonitorEventHub(silentLog);
  const heard: string[] = [];
  hub.subscribe({ flags: 0, ...filter }, ({ event }) => heard.push(event));
  for (const event of names) hub.emit({ dom, event, seconds: 0, micros: 0, details: null });
  return heard;
}

test("a listener hears the events whose names it asked for", (t) => {
  const names = ["STOP", "stop", "RESUME", "STOP"];
  const rows: [Partial<MonitorEventFilter>, string[]][] = [
    [{}, names],
    [{ dom }, names],
    [{ dom: other }, []],
    [{ event: "STOP" }, ["STOP", "STOP"]],
    [{ event: "Stop", flags: NOCASE }, ["STOP", "stop", "STOP"]],
    [{ event: "TO|E$", flags: REGEX }, ["STOP", "RESUME", "STOP"]],
    [{ event: "^st", flags: REGEX | NOCASE }, ["STOP", "stop", "STOP"]],
    [{ event: ".*" }, []],
  ];
  for (const [filter, heard] of rows) t.deepEqual(heardOf(filter, names), heard, JSON.stringify(filter));
});

test("what nobody can listen to is refused", (t) => {
  const hub = new MonitorEventHub(silentLog);
  const rows: [Partial<MonitorEventFilter>, RegExp][] = [
    [{ flags: 4 }, /^unsupported flags \(0x4\) in function virDomainQemuMonitorEventStateRegisterID$/],
    [{ event: "(", flags: REGEX }, /^invalid argument: failed to compile regex '\(': /],
    [{ event: "a".repeat(2000), flags: REGEX }, /it has more than 1024 characters/],
  ];
  for (const [filter, message] of rows) {
    const error = t.throws<VirtError>(() => hub.subscribe({ flags: 0, ...filter }, () => {}), { message });
    t.is(error.code, "INVALID_ARG");
  }
  t.false(hub.isHeard);
});

test("an expression that never ends holds nobody up, and its listener hears nothing", (t) => {
  const name = "A".repeat(60);
  const begin = performance.now();
  t.deepEqual(
    heardOf({ event: "^(A+)+$", flags: REGEX }, [`${name}!`, name, ...Array<string>(100).fill(`${name}?`)]),
    [],
  );
  // On its own it would take longer than anybody lives.
  t.true(performance.now() - begin < 60_000);
});
