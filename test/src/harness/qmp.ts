import { connect } from "node:net";

/** Says one command to a guest's monitor behind the daemon's back, and waits for its answer. Only while no daemon holds the monitor. */
export function tellMonitor(path: string, command: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(path, () => socket.write(`{"execute":"qmp_capabilities"}\n{"execute":"${command}"}\n`));
    let said = "";
    const answered = () => said.split('"return"').length > 2;
    socket.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      if (answered()) socket.end();
    });
    // A QEMU that quits may reset the connection after its answer.
    socket.once("error", (error) => (answered() ? resolve() : reject(error)));
    socket.once("close", () => (answered() ? resolve() : reject(new Error(`the monitor said only ${said}`))));
  });
}
