import { esxError } from "./error.js";
import { group, type Ref, text } from "./message.js";
import { filterSpec } from "./properties.js";
import type { ObjectContent, Value } from "./reply.js";
import type { Session } from "./session.js";

/** How a task ended: with what it found, or the server's words. */
export type TaskEnd =
  | { readonly ok: true; readonly result: Value | undefined }
  | { readonly ok: false; readonly words: string };

export interface TaskWatch {
  /** The machine that the task is about: it may ask a question that somebody must answer first. */
  readonly machine?: Ref | undefined;
  /** Questions are answered with their defaults. */
  readonly autoAnswer: boolean;
  /** Told of each percentage as the server tells it. */
  onProgress?(percent: number): void;
}

/** How long a server may wait with an answer when there is no news, in seconds. */
const WAIT_SECONDS = 10;
const TASK_PATHS = ["info.state", "info.error", "info.result", "info.progress", "info.cancelable"];

/** Waits until a task has ended. Rejects where the machine asks a question that nobody may answer: the task is cancelled then. */
export async function waitForTask(session: Session, task: Ref, watch: TaskWatch): Promise<TaskEnd> {
  const properties = { [task.type]: TASK_PATHS, VirtualMachine: ["runtime.question"] };
  const from = watch.machine === undefined ? [task] : [task, watch.machine];
  const state = new TaskState(task, await session.retrieve({ properties, from }));
  const end = await settle(session, state, watch);
  if (end !== undefined) return end;
  return withCollector(session, async (collector) => {
    const spec = filterSpec({ properties, from })
      .replace(/^<specSet>/, "<spec>")
      .replace(/<\/specSet>$/, "</spec>");
    await session.call("CreateFilter", collector, spec + text("partialUpdates", false));
    let version = "";
    for (;;) {
      const body = text("version", version) + group("options", text("maxWaitSeconds", WAIT_SECONDS));
      const [news] = await session.call("WaitForUpdatesEx", collector, body, WAIT_SECONDS * 1000);
      if (news !== undefined) {
        version = news.textAt("version") ?? version;
        state.update(news);
      }
      const ended = await settle(session, state, watch);
      if (ended !== undefined) return ended;
    }
  });
}

/** What is known of a task and of its machine. */
class TaskState {
  readonly #task: Ref;
  readonly values = new Map<string, Value>();

  constructor(task: Ref, objects: readonly ObjectContent[]) {
    this.#task = task;
    for (const object of objects) {
      for (const path of [...TASK_PATHS, "runtime.question"]) {
        const value = object.get(path);
        if (value !== undefined) this.values.set(path, value);
      }
    }
  }

  get ref(): Ref {
    return this.#task;
  }

  update(news: Value): void {
    for (const filter of news.all("filterSet")) {
      for (const object of filter.all("objectSet")) {
        for (const change of object.all("changeSet")) {
          const name = change.textAt("name") ?? "";
          const value = change.at("val");
          if (value === undefined) this.values.delete(name);
          else this.values.set(name, value);
        }
      }
    }
  }
}

async function settle(session: Session, state: TaskState, watch: TaskWatch): Promise<TaskEnd | undefined> {
  const { values } = state;
  const progress = values.get("info.progress")?.number;
  if (progress !== undefined) watch.onProgress?.(progress);
  switch (values.get("info.state")?.text) {
    case "success":
      return { ok: true, result: values.get("info.result") };
    case "error":
      return { ok: false, words: errorWords(values.get("info.error")) };
    default: {
      const question = values.get("runtime.question");
      if (question === undefined || watch.machine === undefined) return undefined;
      values.delete("runtime.question");
      await answer(session, watch.machine, question, watch.autoAnswer).catch(async (error: unknown) => {
        if (values.get("info.cancelable")?.boolean === true)
          await session.call("CancelTask", state.ref).catch(() => {});
        throw error;
      });
      return undefined;
    }
  }
}

function errorWords(error: Value | undefined): string {
  if (error === undefined) return "Unknown error";
  const fault = error.at("fault")?.type ?? "Unknown error";
  const words = error.textAt("localizedMessage");
  return words === undefined ? fault : `${fault} - ${words}`;
}

/** Answers a machine's question with its default. Throws where that may not be, or where it has none. */
export async function answer(session: Session, machine: Ref, question: Value, autoAnswer: boolean): Promise<void> {
  const words = question.textAt("text") ?? "";
  const choices = question.at("choice")?.all("choiceInfo") ?? [];
  const labels = choices.map((choice) => `'${choice.textAt("label") ?? ""}'`).join(", ");
  const index = question.numberAt("choice", "defaultIndex");
  const chosen = index === undefined ? undefined : choices[index];
  const pending = `Pending question blocks virtual machine execution, question is '${words}'`;
  const possible = labels === "" ? "no possible answers" : `possible answers are ${labels}`;
  if (!autoAnswer) {
    throw esxError("INTERNAL_ERROR", `${pending}, ${possible}`, "auto_answer=1 in the URI answers with the default");
  }
  if (chosen === undefined) {
    const why = labels === "" ? possible : `${possible}, but no default answer is specified`;
    throw esxError("INTERNAL_ERROR", `${pending}, ${why}`, "answer it with another tool");
  }
  const body = text("questionId", question.textAt("id") ?? "") + text("answerChoice", chosen.textAt("key") ?? "");
  await session.call("AnswerVM", machine, body);
}

/** A collector of its own: one of the session's would mix the news of two waits. */
async function withCollector<T>(session: Session, work: (collector: Ref) => Promise<T>): Promise<T> {
  const made = await session.callForOne("CreatePropertyCollector", session.service.propertyCollector);
  const collector = made.ref;
  try {
    return await work(collector);
  } finally {
    await session.call("DestroyPropertyCollector", collector).catch(() => {});
  }
}
