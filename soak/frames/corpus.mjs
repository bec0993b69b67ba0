// Messages as honest clients send them: sessions that are recorded from real clients, and one of each call in the API table.
import { domain, domainEvents, keepaliveProgram, remoteProgram, xdr } from "@polyvisor/core";
import { MESSAGE_STATUS, MESSAGE_TYPE } from "@polyvisor/sdk/rpc";
import { callFrame, frame } from "./wire.mjs";

const UNKNOWN = { name: "nobody", uuid: "12345678-1234-1234-1234-123456789abc", id: -1 };

const DEFINITION = `<domain type='test'><name>made-up</name><uuid>abcdef00-0000-0000-0000-000000000001</uuid>
<memory unit='KiB'>65536</memory><vcpu>2</vcpu><os><type>hvm</type></os><devices>
<disk type='file' device='disk'><source file='/nowhere'/><target dev='vda' bus='virtio'/></disk>
<console type='pty'/></devices></domain>`;

/** The stream that every client of the state "stream" has open. */
export const STREAM = { serial: 77, procedure: remoteProgram.calls.domainOpenConsole.number };

/** Each call once for a domain that is there, once for one that is not. @returns {Buffer[]} */
export function tableSession(known) {
  return Object.entries(remoteProgram.calls)
    .filter(([name]) => name !== "connectClose" && name !== "connectOpen")
    .flatMap(([name, call], index) =>
      [known, UNKNOWN].map((dom, which) => callFrame(name, argsOf(call, dom), 2 * index + which)),
    );
}

function argsOf({ args, shape }, dom) {
  const values = Object.entries(args.fields).map(([field, codec]) => [field, sampleOf(codec, field, dom)]);
  const limits =
    shape !== undefined && "limit" in shape
      ? { [shape.limit]: 100 }
      : shape !== undefined && "count" in shape
        ? { [shape.count]: shape.max }
        : {};
  return { ...Object.fromEntries(values), ...("needResults" in args.fields ? { needResults: 1 } : {}), ...limits };
}

function sampleOf(codec, field, dom) {
  const { layout } = codec;
  if (codec === domain) return dom;
  if ("fields" in codec)
    return Object.fromEntries(Object.entries(codec.fields).map(([name, inner]) => [name, sampleOf(inner, name, dom)]));
  if (/^xml/.test(field) && /^string<\d+>$/.test(layout)) return DEFINITION;
  if (layout === "opaque[16]") return dom.uuid;
  if (layout.endsWith("?")) return null;
  if (/^string<\d+>$/.test(layout)) return dom.name;
  if (/^opaque<\d+>$/.test(layout)) return Buffer.from("opaque");
  if (layout.endsWith(">")) return [];
  return 0;
}

/** Registrations for every kind of event, in all generations of the protocol. */
export function registrations() {
  const { deviceRemoved } = domainEvents;
  const all = Object.values(domainEvents);
  return [
    ...all.map(({ id }) => callFrame("connectDomainEventCallbackRegisterAny", { eventID: id, dom: null }, 1000 + id)),
    ...all
      .filter(({ id }) => id <= deviceRemoved.id)
      .map(({ id }) => callFrame("connectDomainEventRegisterAny", { eventID: id }, 1100 + id)),
    ...all.map(({ id }) => callFrame("connectDomainEventCallbackDeregisterAny", { callbackID: id }, 1200 + id)),
    callFrame("connectDomainEventDeregisterAny", { eventID: 0 }, 1300),
    callFrame("connectDomainEventDeregister", {}, 1301),
    callFrame("connectDomainEventRegister", {}, 1302),
  ];
}

/** Packets of the stream that is open, and what else goes with streams. */
export function streamSession(dom) {
  const packet = (status, body) => frame({ ...STREAM, type: MESSAGE_TYPE.STREAM, status }, body);
  const more = (devName, serial) => callFrame("domainOpenConsole", { dom, devName, flags: 0 }, serial);
  return [
    packet(MESSAGE_STATUS.CONTINUE, Buffer.from("hello\n")),
    packet(MESSAGE_STATUS.CONTINUE, Buffer.alloc(3000, "x")),
    packet(MESSAGE_STATUS.CONTINUE),
    packet(MESSAGE_STATUS.OK),
    more("echo", STREAM.serial),
    packet(MESSAGE_STATUS.CONTINUE, Buffer.from("again\n")),
    packet(MESSAGE_STATUS.ERROR),
    more("endless", STREAM.serial),
    more("dies", STREAM.serial + 1),
    more("ends", STREAM.serial + 2),
    more("none", STREAM.serial + 3),
  ];
}

/** Calls of a client that may send descriptors, and has none to send. @returns {Buffer[]} */
export function descriptorSession(dom) {
  const none = Buffer.alloc(4);
  const { domainFDAssociate, domainOpenGraphics } = remoteProgram.calls;
  const announced = (count, { number: procedure, args }, values, serial) => {
    const body = Buffer.concat([none, xdr.encodeToBuffer(args, values)]);
    body.writeUInt32BE(count);
    return frame({ procedure, serial, type: MESSAGE_TYPE.CALL_WITH_FDS }, body);
  };
  return [
    ...[0, 0, 0, 0, 0, 0].map((count) => announced(count, domainFDAssociate, { dom, name: "group", flags: 0 }, 1)),
    announced(0, domainOpenGraphics, { dom, idx: 0, flags: 0 }, 2),
    callFrame("domainOpenGraphicsFD", { dom, idx: 0, flags: 0 }, 3),
    callFrame("domainFDAssociate", { dom, name: "group", flags: 0 }, 4),
    callFrame("connectSupportsFeature", { feature: 8 }, 5),
    announced(1, domainFDAssociate, { dom, name: "group", flags: 0 }, 6),
  ];
}

/** Messages that no honest client sends, to be mutated further. */
export function oddSession() {
  const { number: program, version, ping, pong } = keepaliveProgram;
  const ofKeepalive = { program, version, type: MESSAGE_TYPE.MESSAGE };
  return [
    frame({ ...ofKeepalive, procedure: ping }),
    frame({ ...ofKeepalive, procedure: pong }),
    frame({ ...ofKeepalive, procedure: ping, type: MESSAGE_TYPE.CALL }),
    frame({ procedure: 273, type: MESSAGE_TYPE.REPLY }),
    frame({ procedure: 318, type: MESSAGE_TYPE.MESSAGE }),
    frame({ ...STREAM, type: MESSAGE_TYPE.STREAM, status: MESSAGE_STATUS.CONTINUE }, Buffer.from("nobody listens")),
    frame({ program: 0x20008087, procedure: 1 }),
    frame({ program: 0x06900690, procedure: 1 }),
    callFrame("connectOpen", { name: "test:///default", flags: 0 }, 1),
    callFrame("connectOpen", { name: null, flags: 1 }, 2),
    callFrame("connectOpen", { name: "none:///system", flags: 0 }, 3),
    callFrame("connectSupportsFeature", { feature: 10 }, 4),
  ];
}
