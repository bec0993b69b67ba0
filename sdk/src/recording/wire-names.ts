import {
  type Call,
  connectionClosedEvent,
  domainEvents,
  type HypervisorCallName,
  objectEvents,
  PROGRAMS,
  type Program,
  remoteProgram,
  xdr,
} from "@polyvisor/core";
import type { ProgramId } from "../rpc/client-body.js";

/** A call with the program that it belongs to. */
export interface NamedCall {
  readonly program: Program;
  readonly name: HypervisorCallName;
  readonly call: Call;
}

/** A message that a daemon sends unasked. */
export interface NamedMessage {
  readonly program: ProgramId;
  readonly name: string;
  readonly number: number;
  readonly body: xdr.Codec<unknown, never>;
}

type Numbers = { readonly program: number; readonly version: number; readonly procedure: number };

const CALLS: readonly NamedCall[] = PROGRAMS.flatMap((program) =>
  Object.entries(program.calls).map(([name, call]) => ({ program, name: name as HypervisorCallName, call })),
);
const CALL_BY_NAME = new Map<string, NamedCall>(CALLS.map((entry) => [entry.name, entry]));
const CALL_BY_NUMBERS = new Map(CALLS.map((entry) => [keyOf(entry.program, entry.call.number), entry]));

/** Every message of the programs that `PROGRAMS` lists. */
export const MESSAGES: readonly NamedMessage[] = [
  ...Object.entries(domainEvents).flatMap(([name, { number, legacy, body, legacyBody }]) => [
    remoteMessage(name, number, registered(body)),
    ...(legacy === undefined ? [] : [remoteMessage(name, legacy, legacyBody)]),
  ]),
  ...Object.entries(objectEvents).map(([name, { number, body }]) => remoteMessage(name, number, registered(body))),
  remoteMessage("connectionClosed", connectionClosedEvent.number, connectionClosedEvent.body),
  ...PROGRAMS.flatMap((program) =>
    Object.entries(program.messages ?? {}).map(([name, { number, body }]) => ({ program, name, number, body })),
  ),
];
const MESSAGE_BY_NUMBERS = new Map(MESSAGES.map((entry) => [keyOf(entry.program, entry.number), entry]));

export function callNamed(name: string): NamedCall | undefined {
  return CALL_BY_NAME.get(name);
}

export function callOf({ program, version, procedure }: Numbers): NamedCall | undefined {
  return CALL_BY_NUMBERS.get(keyOf({ number: program, version }, procedure));
}

export function messageOf({ program, version, procedure }: Numbers): NamedMessage | undefined {
  return MESSAGE_BY_NUMBERS.get(keyOf({ number: program, version }, procedure));
}

/** The body of an event behind the id of its registration. */
function registered(body: xdr.Codec<unknown, never>): xdr.Codec<unknown, never> {
  return {
    layout: `int,${body.layout}`,
    encode: () => {
      throw new Error("events are only read here");
    },
    decode: (reader) => ({ callbackID: xdr.i32.decode(reader), ...(body.decode(reader) as object) }),
  };
}

function remoteMessage(name: string, number: number, body: xdr.Codec<unknown, never>): NamedMessage {
  return { program: remoteProgram, name, number, body };
}

function keyOf(program: ProgramId, procedure: number): string {
  return `${program.number}.${program.version}.${procedure}`;
}
