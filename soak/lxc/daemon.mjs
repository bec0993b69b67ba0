import { until } from "../../test/dist/harness/processes.js";

/**
 * Starts the daemon, and waits until it answers: the socket of one that was killed accepts connections as long as a child that it was
 * just making has it, too.
 */
export async function startAnswering({ daemon, virsh }) {
  await daemon.start();
  await until("the daemon answers", async () => (await virsh.run("version")).code === 0);
}
