import test from "ava";
import { LogReader } from "./log-lines.js";

const call = { level: 20, client: 2, pid: 7, uid: 0, request: "2.77", call: "domainCreate", uri: "toy:///system" };

/** Lines of the log, and what is shown of each. */
const LINES: readonly [line: object, shown: string][] = [
  [
    { ...call, time: 1000, args: '{"flags":0}', msg: "a call has come" },
    '2.77     domainCreate {"flags":0} (pid 7, uid 0, toy:///system)',
  ],
  [{ ...call, time: 1012, step: 1, msg: "the driver says so" }, '2.77       +12 ms the driver says so {"step":1}'],
  [
    { ...call, time: 1013, request: "1.4", plugin: "toy", msg: "from its own process" },
    '-          in toy, domainCreate 1.4: from its own process {"plugin":"toy"}',
  ],
  [
    { ...call, time: 1015, level: 50, err: { stack: "Error: no\n    at once" }, msg: "a call failed" },
    "2.77       +15 ms error: a call failed\n           Error: no\n               at once",
  ],
  [{ ...call, time: 1020, msg: "the call is answered" }, "2.77       +20 ms the call is answered"],
  [{ ...call, time: 1021, msg: "late" }, "2.77       late"],
  [{ level: 40, time: 1030, plugin: "toy", msg: "no call's" }, '-        warning: no call\'s {"plugin":"toy"}'],
];

test("lines of the log become lines for people", (t) => {
  const reader = new LogReader();
  for (const [line, shown] of LINES) t.is(reader.read(JSON.stringify(line)), shown);
  for (const other of ["", "words", "null", '{"time":1}']) t.is(reader.read(other), undefined);
});
