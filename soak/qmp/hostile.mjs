// Emulators that are not to be trusted: what each does on a monitor's socket after the greeting. Lines come as objects.
const GREETING = '{"QMP": {"version": {"qemu": {"major": 7, "minor": 2, "micro": 0}}, "capabilities": []}}\r\n';

const answer = (id, value = {}) => `${JSON.stringify({ return: value, id })}\r\n`;

const HUGE = JSON.stringify("x".repeat(9 << 20));

/** Values that are JSON and no answer of any QMP server. */
const LIES = [
  "null",
  "1",
  '""',
  "[]",
  "{}",
  '{"id": 1}',
  '{"return": {}}',
  '{"return": {}, "id": null}',
  '{"return": {}, "id": "1"}',
  '{"return": {}, "id": -1}',
  '{"return": {}, "id": 1e999}',
  '{"return": {}, "id": {"id": 1}}',
  '{"error": null, "id": 99999}',
  '{"event": 5}',
  '{"event": "", "data": 5}',
  '{"event": "SHUTDOWN", "data": [1, 2]}',
  '{"event": "RESET", "data": {"guest": {"guest": []}}}',
  '{"event": "BLOCK_IO_ERROR", "data": {"device": 5, "node-name": null, "action": {}}}',
  '{"event": "__proto__", "data": {"__proto__": {"polluted": true}}}',
  '{"__proto__": {"id": 2, "return": 1}}',
  '{"QMP": {}}',
  '{"timestamp": {"seconds": -1}}',
];

/** Writes as fast as the other side reads. */
function flood(socket, text) {
  const write = () => {
    while (!socket.destroyed && socket.write(text));
  };
  socket.on("drain", write);
  write();
}

/**
 * What an emulator does with each request; `qmp_capabilities` has been answered already.
 * @type {Record<string, (request: { id: number }, socket: import("node:net").Socket, random: import("../lib/random.mjs").Random) => void>}
 */
export const HOSTILE = {
  silent: () => {},
  "wrong-ids": ({ id }, socket) => socket.write(answer(id + 1000) + answer(id - 1) + answer(String(id)) + answer(null)),
  twice: ({ id }, socket) => socket.write(answer(id).repeat(50)),
  "odd-errors": ({ id }, socket, random) => {
    const error = random.pick([1, "x", [], {}, { class: 5, desc: {} }, { desc: "x".repeat(100_000) }]);
    socket.write(`${JSON.stringify({ error, id })}\n`);
  },
  lies: ({ id }, socket, random) => {
    for (let i = 0; i < 20; i++) socket.write(`${random.pick(LIES)}\n`);
    socket.write(answer(id));
  },
  "mutated-answers": ({ id }, socket, random) => {
    const bytes = Buffer.from(answer(id, { status: "running", list: [1, "two", { three: null }] }).repeat(3));
    for (let i = random.from(1, 4); i > 0; i--) bytes[random.below(bytes.length)] = random.word();
    socket.write(bytes);
  },
  noise: (_request, socket, random) => socket.write(random.bytes(5000)),
  "empty-lines": (_request, socket) => socket.write("\n".repeat(100_000)),
  "half-a-line": ({ id }, socket) => socket.write(answer(id).slice(0, 9)),
  "endless-line": (_request, socket) => flood(socket, `{"return": "${"x".repeat(65536)}`),
  "event-flood": (_request, socket) => flood(socket, '{"event": "RTC_CHANGE", "data": {"offset": 1}}\n'.repeat(1000)),
  "answer-flood": (_request, socket) => flood(socket, answer(999_999).repeat(1000)),
  "huge-events": (_request, socket) =>
    flood(socket, `{"event": "X", "data": {"list": [${"[1,2,3],".repeat(600_000)}0]}}\n`),
  "deep-answer": ({ id }, socket) =>
    socket.write(`{"id": ${id}, "return": ${"[".repeat(2_000_000)}${"]".repeat(2_000_000)}}\n`),
  "huge-answer": ({ id }, socket) => socket.write(`{"id": ${id}, "return": ${HUGE}}\n`),
  dies: (_request, socket) => socket.destroy(),
  "dies-within-a-line": ({ id }, socket) => socket.end(answer(id).slice(0, 9)),
};

/** Serves one monitor: greets, negotiates, then does what its kind does; `honest` is the kind that answers. */
export function serveMonitor(socket, kind, random) {
  socket.on("error", () => {});
  socket.write(GREETING);
  let rest = "";
  socket.on("data", (data) => {
    const lines = (rest + data).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      const request = JSON.parse(line);
      if (request.execute === "qmp_capabilities" || kind === "honest") socket.write(answer(request.id));
      else HOSTILE[kind](request, socket, random);
    }
  });
}
