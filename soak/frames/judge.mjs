// What has to come of bytes that a client sends: the protocol's rules once more, from a reader who only counts.
import { keepaliveProgram, PROGRAMS, remoteProgram } from "@polyvisor/core";
import { HEADER_BYTES, MESSAGE_BYTES_MAX, MESSAGE_STATUS, MESSAGE_TYPE } from "@polyvisor/sdk/rpc";
import { AT } from "./mutate.mjs";

/**
 * @typedef {object} Verdict
 * @property {number} frames messages that the daemon gets to see
 * @property {number} replies calls among them: each must be answered, once
 * @property {number} most replies that may come: calls behind a close that had to wait are carried out too
 * @property {"lives" | "torn" | "closed" | "ended"} fate `lives`: the client goes on; `torn`: the daemon waits for the
 *   rest of a message; `closed`: the daemon must close, because the protocol is broken; `ended`: it must close, because the
 *   client asked for it
 * @property {boolean} mayClose the daemon may close, depending on what this judge cannot know
 */

/** @param {Buffer} bytes of a client that is between two messages @returns {Verdict} */
export function judge(bytes) {
  const verdict = { frames: 0, replies: 0, most: 0, fate: "lives", mayClose: false };
  for (let at = 0; at < bytes.length; ) {
    const left = bytes.length - at;
    const length = left < 4 ? Number.POSITIVE_INFINITY : bytes.readUInt32BE(at);
    const isImpossible = left >= 4 && (length < HEADER_BYTES || length > MESSAGE_BYTES_MAX);
    const fate = isImpossible ? "closed" : left < length ? "torn" : weigh(verdict, bytes, at);
    if (verdict.fate === "lives") verdict.fate = fate;
    if (isImpossible || left < length || fate === "closed") break;
    at += length;
  }
  return verdict;
}

/** Counts one message, and tells what becomes of the client by it. */
function weigh(verdict, bytes, at) {
  const word = (offset) => bytes.readUInt32BE(at + offset);
  const type = word(AT.TYPE);
  const [program, version] = [word(AT.PROGRAM), word(AT.VERSION)];
  const isRemote = program === remoteProgram.number && version === remoteProgram.version;
  const isOwn = PROGRAMS.some((known) => program === known.number && version === known.version);
  const isSeen = verdict.fate === "lives";
  if (isSeen) verdict.frames++;
  if (program === keepaliveProgram.number && type === MESSAGE_TYPE.MESSAGE) return "lives";
  const isClose =
    isRemote && word(AT.PROCEDURE) === remoteProgram.calls.connectClose.number && word(AT.STATUS) === MESSAGE_STATUS.OK;
  if (type === MESSAGE_TYPE.CALL) {
    verdict.most++;
    if (isSeen) verdict.replies++;
    return isClose ? "ended" : "lives";
  }
  if (isOwn && type === MESSAGE_TYPE.STREAM_HOLE) verdict.mayClose = true;
  return type === MESSAGE_TYPE.CALL_WITH_FDS ? weighDescriptors(verdict, isSeen, isClose, word) : "lives";
}

/** Without the descriptors that it announces a call ends its client; one without any is a call, if the client had asked first. */
function weighDescriptors(verdict, isSeen, isClose, word) {
  if (word(AT.LENGTH) < HEADER_BYTES + 4 || word(HEADER_BYTES) !== 0) return "closed";
  verdict.most++;
  if (isSeen) verdict.replies++;
  verdict.mayClose = true;
  return isClose ? "ended" : "lives";
}
