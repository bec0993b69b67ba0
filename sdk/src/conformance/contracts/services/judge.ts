import { type Profile, type Report, type RunOptions, runKit } from "../../kit/index.js";
import { SERVICE_KITS } from "./index.js";
import { type ServiceName, subjectOfPlugin } from "./subject.js";

export interface PluginJudgeOptions extends Omit<RunOptions, "profile"> {
  /** What the author says of the provider; the calls are those that it has handlers of where they are left out. */
  readonly profile?: Partial<Profile>;
}

/** Loads the plugin of a folder, runs the kit of one of its contracts and reports. Rejects where it cannot be used. */
export async function judgePlugin(
  name: ServiceName,
  folder: string,
  { profile = {}, ...options }: PluginJudgeOptions = {},
): Promise<Report> {
  const subject = await subjectOfPlugin(name, folder);
  const whole = { calls: subject.calls, fixtures: {}, traits: [], ...profile };
  // Which of the kits it is decides of the type of its subject.
  const kit = SERVICE_KITS[name] as unknown as Parameters<typeof runKit<typeof subject>>[0];
  try {
    return await runKit(kit, subject, { ...options, profile: whole });
  } finally {
    await subject.close();
  }
}
