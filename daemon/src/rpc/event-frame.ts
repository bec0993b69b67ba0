import { type Program, xdr } from "@polyvisor/core";
import { frameBytes, MESSAGE_STATUS, MESSAGE_TYPE } from "@polyvisor/sdk/rpc/wire";

/** libvirt numbers events with it too; nobody reads it. */
const EVENT_SERIAL = 1;

let lastEvent: object | undefined;
let lastCodec: object | undefined;
let lastBody: Buffer = Buffer.alloc(0);

/** An event's body, encoded once: a driver hands one event to all of its subscribers before it comes to the next. */
export function eventBody<E extends object>(codec: xdr.Codec<unknown, E>, event: E): Buffer {
  if (event !== lastEvent || codec !== lastCodec) {
    lastBody = xdr.encodeToBuffer(codec, event);
    lastEvent = event;
    lastCodec = codec;
  }
  return lastBody;
}

interface Framed {
  readonly body: Buffer;
  readonly procedure: number;
  readonly callbackID: number | undefined;
  readonly frame: Buffer;
}

let last: Framed | undefined;

/**
 * The whole message of an event. Clients mostly have the same callback ids, and are then sent the very same bytes: nobody
 * may change them. Clients that registered the old way know no callback ids.
 */
export function eventFrame(body: Buffer, procedure: number, callbackID: number | undefined, program: Program): Buffer {
  if (last?.body !== body || last.procedure !== procedure || last.callbackID !== callbackID) {
    const header = {
      program: program.number,
      version: program.version,
      procedure,
      type: MESSAGE_TYPE.MESSAGE,
      serial: EVENT_SERIAL,
      status: MESSAGE_STATUS.OK,
    };
    last = { body, procedure, callbackID, frame: frameBytes(header, withCallbackId(body, callbackID)) };
  }
  return last.frame;
}

function withCallbackId(body: Buffer, callbackID: number | undefined): Buffer {
  if (callbackID === undefined) return body;
  const whole = Buffer.allocUnsafe(4 + body.length);
  whole.writeInt32BE(callbackID);
  body.copy(whole, 4);
  return whole;
}
