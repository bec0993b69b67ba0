import { once } from "node:events";
import { connect } from "node:net";

/** Says one command to a guest's monitor behind the daemon's back, and waits for its answer. Only while no daemon holds the monitor. */
export async function tellMonitor(socket: string, command: string): Promise<void> {
  const connection = connect(socket);
  let said = "";
  connection.setEncoding("utf8").on("data", (text: string) => {
    said += text;
    const answers = said.split('"return"').length - 1;
    if (answers === 2) connection.end();
  });
  await once(connection, "connect");
  connection.write(`{"execute":"qmp_capabilities"}\n{"execute":"${command}"}\n`);
  await once(connection, "close");
}
