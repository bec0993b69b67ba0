import { fork } from "node:child_process";
import { once } from "node:events";

/** A process of ours that takes orders one at a time and answers each with one message. */
export class Worker {
  #process;
  #ended;

  constructor(script, args = [], execArgv = []) {
    this.#process = fork(script, args, { execArgv, stdio: ["ignore", "inherit", "inherit", "ipc"] });
    this.#ended = once(this.#process, "exit").then(([code, signal]) => {
      throw new Error(`${script} ended: exit code ${code}, signal ${signal}`);
    });
    this.#ended.catch(() => {});
  }

  /** The next message from it. */
  async next() {
    const [message] = await Promise.race([once(this.#process, "message"), this.#ended]);
    return message;
  }

  tell(order) {
    this.#process.send(order);
  }

  ask(order) {
    const answer = this.next();
    this.tell(order);
    return answer;
  }

  async stop() {
    this.#process.kill("SIGKILL");
    await this.#ended.catch(() => {});
  }
}
