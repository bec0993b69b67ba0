import {
  adminProgram,
  connectionClosedEvent,
  domainEvents,
  keepaliveProgram,
  lockProgram,
  logProgram,
  lxcMonitorProgram,
  lxcProgram,
  objectEvents,
  type Program,
  polyvisorProgram,
  qemuProgram,
  remoteProgram,
} from "../api/index.js";
import { type Fields, i32, type StructCodec, struct } from "../xdr/index.js";

/** All that is spoken, libvirt's programs and ours. */
export const EVERY_PROGRAM: readonly Program[] = [
  remoteProgram,
  qemuProgram,
  lxcProgram,
  adminProgram,
  lockProgram,
  logProgram,
  lxcMonitorProgram,
  keepaliveProgram,
  polyvisorProgram,
];

/** What one message carries: the arguments of a call, its result, or what an event tells. */
export interface WireType {
  readonly program: Program;
  readonly procedure: number;
  readonly part: "args" | "ret" | "msg";
  /** The call's or the event's own, for people. */
  readonly name: string;
  readonly codec: StructCodec<Fields>;
}

/** Everything that a message of any program may carry. */
export function wireTypes(): WireType[] {
  return EVERY_PROGRAM.flatMap((program) => [
    ...Object.entries(program.calls).flatMap(([name, { number: procedure, args, ret }]): WireType[] => [
      { program, procedure, part: "args", name, codec: args },
      { program, procedure, part: "ret", name, codec: ret },
    ]),
    ...Object.entries(program.messages ?? {}).map(
      ([name, { number: procedure, body }]): WireType => ({ program, procedure, part: "msg", name, codec: body }),
    ),
    ...(program === remoteProgram ? remoteEvents() : []),
  ]);
}

function remoteEvents(): WireType[] {
  const event = (name: string, procedure: number, codec: WireType["codec"]): WireType => ({
    program: remoteProgram,
    procedure,
    part: "msg",
    name,
    codec,
  });
  const registered = (body: WireType["codec"]) => struct({ callbackID: i32, ...body.fields });
  return [
    ...Object.entries(domainEvents).flatMap(([name, { number, legacy, body, legacyBody }]) => [
      event(name, number, registered(body)),
      ...(legacy === undefined ? [] : [event(name, legacy, legacyBody)]),
    ]),
    ...Object.entries(objectEvents).map(([name, { number, body }]) => event(name, number, registered(body))),
    event("connectionClosed", connectionClosedEvent.number, connectionClosedEvent.body),
  ];
}
