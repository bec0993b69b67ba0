// An emulator that turns hostile once its guest runs: until then a real one answers behind it. Started in the place of an
// emulator with a folder and its arguments; the guest's name tells what it does, as in `hostile-dies`.
import { spawn } from "node:child_process";
import { createConnection, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Random } from "../lib/random.mjs";
import { HOSTILE } from "./hostile.mjs";

const MONITOR = /^socket,id=charmonitor,fd=(\d+),/;
const NAME = /guest=hostile-([a-z-]+)/;

const [folder, ...args] = process.argv.slice(2);
const fd = Number(MONITOR.exec(args.find((arg) => MONITOR.test(arg)))[1]);
const kind = NAME.exec(args.find((arg) => NAME.test(arg)))[1];
const random = new Random(kind, process.pid);
const path = join(folder, `real-${process.pid}`);

const own = args.map((arg) => (MONITOR.test(arg) ? `socket,id=charmonitor,path=${path},server=on,wait=off` : arg));
// The real one goes with this one, however this one goes.
const real = spawn("setpriv", ["--pdeathsig", "KILL", "/usr/bin/qemu-system-x86_64", ...own], { stdio: "inherit" });
real.on("exit", (code) => process.exit(code ?? 1));

createServer(serve).listen({ fd });

async function serve(socket) {
  const behind = await connectReal();
  let hostile = false;
  let contId;
  let rest = "";
  socket.on("error", () => {});
  behind.on("error", () => {});
  behind.on("data", (data) => {
    if (hostile) return;
    socket.write(data);
    if (contId === undefined || !data.toString().includes(`"id": ${contId}`)) return;
    hostile = true;
    act({ id: 0 });
  });
  socket.on("data", (data) => {
    const lines = (rest + data).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      const request = JSON.parse(line);
      if (hostile) act(request);
      else behind.write(`${line}\n`);
      if (request.execute === "cont") contId = request.id;
    }
  });
  socket.on("close", () => behind.destroy());

  function act(request) {
    if (socket.destroyed) return;
    if (kind === "exits") process.kill(process.pid, "SIGKILL");
    else HOSTILE[kind](request, socket, random);
  }
}

async function connectReal() {
  for (;;) {
    const socket = createConnection(path);
    const connected = await new Promise((resolve) => {
      socket.once("connect", () => resolve(true));
      socket.once("error", () => resolve(false));
    });
    if (connected) return socket;
    await sleep(10);
  }
}
