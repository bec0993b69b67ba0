import {
  type Call,
  type CallContext,
  domain,
  type HypervisorCallName,
  type MaybePromise,
  PROGRAMS,
  type Program,
  tell,
} from "@polyvisor/core";
import { lookedUp, type SubjectName } from "../access/subject.js";
import type { Session } from "./session.js";
import { type SessionCallName, sessionCalls } from "./session-calls.js";

/** Arguments as decoded: a field for each of the call's arguments. */
export type Args = Record<string, unknown>;

/** What the dispatch needs to know of a call, worked out once. */
export interface Entry {
  readonly name: HypervisorCallName;
  readonly call: Call;
  readonly program: Program;
  /** A number of its own among the calls of all programs, small enough for an array's index. */
  readonly slot: number;
  /** The argument that names a domain: it is resolved before anything else looks at it. */
  readonly domainField: string | undefined;
  /** The sort of object that a lookup finds. */
  readonly finds: SubjectName | undefined;
  /** For calls that the session answers itself. */
  readonly answer: ((session: Session, args: Args, context: CallContext) => MaybePromise<unknown>) | undefined;
}

/** Calls of each program at the index of their procedure number. */
export interface DispatchTable {
  readonly program: Program;
  readonly entries: readonly (Entry | undefined)[];
}

let slots = 0;

/** The program that nearly every message is for comes first. */
export const dispatchTables: readonly DispatchTable[] = PROGRAMS.map((program) => ({
  program,
  entries: entriesOf(program),
}));

/** The table of a program. `undefined` where it is none of ours. */
export function tableOf(program: number, version: number): DispatchTable | undefined {
  return dispatchTables.find((table) => table.program.number === program && table.program.version === version);
}

function entriesOf(program: Program): readonly (Entry | undefined)[] {
  const { calls } = program;
  const largest = Math.max(...Object.values(calls).map((call) => call.number));
  const table = new Array<Entry | undefined>(largest + 1).fill(undefined);
  for (const [name, call] of Object.entries(calls)) {
    table[call.number] = {
      name: name as HypervisorCallName,
      call,
      program,
      slot: slots++,
      domainField: Object.entries(call.args.fields).find(([, codec]) => (codec as unknown) === domain)?.[0],
      finds: lookedUp(name, call),
      answer: call.by === "session" ? answerOf(name as SessionCallName) : undefined,
    };
  }
  return table;
}

/** The session's own answer, of which who watches a driver's answers hears, too. Of opening and closing the host tells. */
function answerOf(name: SessionCallName): Entry["answer"] {
  const answer = sessionCalls[name] as NonNullable<Entry["answer"]>;
  if (name === "connectOpen" || name === "connectClose") return answer;
  return (session, args, context) => {
    const result = answer(session, args, context);
    const answered = () => session.isOpen && tell(session.connection, name, undefined);
    if (result instanceof Promise) result.then(answered, () => {});
    else answered();
    return result;
  };
}
