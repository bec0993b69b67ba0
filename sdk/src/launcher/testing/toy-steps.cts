import type { LauncherTools } from "../steps.js" with { "resolution-mode": "import" };

/** What a test tells the toy to do: each only where it is there. */
interface Plan {
  readonly says: string;
  readonly refuse?: string;
  readonly fails?: boolean;
  /** A peer that is told the pid, and must answer `ok`. */
  readonly path?: string;
}

export = ({ says, refuse, fails, path }: Plan, tools: LauncherTools): void => {
  if (says !== 'plan "ä"\n') throw new Error(`the plan has changed on its way: ${says}`);
  if (fails) throw new Error("the steps fail");
  if (refuse !== undefined) tools.refuse("RESOURCE_BUSY", refuse);
  if (path === undefined) return;
  const peer = tools.connect(path);
  peer.send(Buffer.from(`${tools.pid}\n`));
  const answer = peer.receive(2).toString();
  if (answer !== "ok") tools.refuse("OPERATION_DENIED", answer);
};
