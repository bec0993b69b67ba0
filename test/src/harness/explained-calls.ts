import type { Says, ToldError } from "./call-transcripts.js";

/** A difference between libvirt's test driver and ours that docs/differences.md tells of. */
export interface Explained {
  /** What its row there begins with. */
  readonly row: string;
  fits(call: string, theirs: Says, ours: Says): boolean;
}

const SOCKET = "A connection over a socket";

export const EXPLAINED: readonly Explained[] = [
  {
    row: SOCKET,
    fits: (call) => /^connection [\w-]+: getURI\(/.test(call) || /: conn\.setKeepAlive\(/.test(call),
  },
  {
    row: SOCKET,
    fits: (call, theirs) => /VIR_CONNECT_NO_ALIASES/.test(call) && refusesFlags(theirs, "testConnectOpen"),
  },
  {
    row: SOCKET,
    fits: (call, theirs, ours) =>
      /Event(Der|R)egisterAny\(/i.test(call) &&
      isError(theirs, 8, /could not find event callback/) &&
      isError(ours, 8, /event callback id \d+ not registered/),
  },
  // The client's library remembers a new name; libvirt's own driver remembers the parent of a device that is gone.
  { row: SOCKET, fits: (call) => call.endsWith(": blue.name()") || call === "device gone: parent()" },
  {
    row: "`test:///default`: console, channels, secrets",
    fits: (call, theirs, ours) => /secretEventRegisterAny/.test(call) && isError(theirs, 3) && isValue(ours),
  },
  {
    row: "A call with bad arguments on a domain that is gone",
    fits: (call, theirs, ours) => {
      const isGone = call.startsWith("domain gone: ") || /^checkpoints \d+: test\.undefineFlags/.test(call);
      return isGone && isError(ours, 42) && !isError(theirs, 42);
    },
  },
  {
    row: "`test:///default`: starting a domain paused",
    fits: (call, theirs) =>
      /: create/.test(call) && refusesFlags(theirs, "testDomainCreateXML", "testDomainCreateWithFlags"),
  },
  {
    row: "`test:///default`: `nodedev-list`",
    fits: (call, theirs) => /listAllDevices/.test(call) && refusesFlags(theirs, "testConnectListAllNodeDevices"),
  },
  {
    row: "`test:///default`: parameters of the scheduler with flags",
    fits: (call, theirs) =>
      /chedulerParametersFlags/.test(call) && refusesFlags(theirs, "testDomainGetSchedulerParametersFlags"),
  },
  {
    row: "`test:///default`: how many figures of free pages there are",
    fits: (call, theirs, ours) => /getFreePages/.test(call) && isValue(theirs, "{}") && isValue(ours),
  },
  {
    row: "`test:///default`: metadata of a kind with a negative number",
    fits: (call, _, ours) => /etadata\(-1/.test(call) && isError(ours, 8, /unknown metadata type '-1'/),
  },
  {
    row: "`test:///default`: parameters of an I/O thread of a domain without definition",
    fits: (call, theirs, ours) =>
      /setIOThreadParams/.test(call) && isError(theirs, 1, /the cause is unknown/) && isValue(ours),
  },
  {
    row: "`test:///default`: sizes of a checkpoint's disks",
    fits: (call, theirs, ours) =>
      /^checkpoint \w+: getXMLDesc\(4\)/.test(call) &&
      isValue(ours) &&
      textOf(ours).replaceAll(" size='1024'", "") === textOf(theirs),
  },
  {
    row: "`test:///default`: a volume that is validated as it is made",
    fits: (_, theirs, ours) => refusesFlags(theirs, "virStorageVolDefParseXML") && isValue(ours),
  },
  {
    row: "`test:///default`: a volume that is made from one of another pool",
    fits: (call, theirs, ours) => /createXMLFrom/.test(call) && isError(theirs, 50) && isValue(ours),
  },
  {
    row: "`test:///default`: destroying a node device that is no virtual port",
    fits: (call, _, ours) => call.startsWith("device computer: destroy") && isError(ours, 1, /not a fibre channel HBA/),
  },
  {
    row: "An update of a network that adds a forward interface",
    fits: (call, theirs, ours) => /SECTION_FORWARD_INTERFACE/.test(call) && isValue(theirs) && isError(ours, 84),
  },
];

function isValue(says: Says, text?: string): boolean {
  return "value" in says && (text === undefined || JSON.stringify(says.value) === text);
}

function textOf(says: Says): string {
  return "value" in says ? String(says.value) : "";
}

function errorOf(says: Says): ToldError | undefined {
  return "error" in says ? says.error : undefined;
}

function isError(says: Says, code: number, message = /./): boolean {
  const error = errorOf(says);
  return error?.code === code && message.test(error.message);
}

/** Refuses flags in the name of one of these functions. */
function refusesFlags(says: Says, ...callers: readonly string[]): boolean {
  const error = errorOf(says);
  return error !== undefined && /^unsupported flags/.test(error.message) && callers.includes(error.str1 ?? "");
}
