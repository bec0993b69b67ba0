/** sanlock's own words for its results; those above -200 are the system's. Clients of libvirt know them from its messages. */
const WORDS: Readonly<Record<number, string>> = {
  201: "General error",
  202: "IO timeout",
  203: "Watchdog device error",
  210: "Lease read error in dblock",
  211: "Lease write error in dblock",
  212: "Lease was acquired by another host in new ballot",
  213: "Lease was acquired by another host in current ballot",
  214: "Lease checksum error in dblock",
  220: "Lease read error in leader",
  221: "Lease write error in leader",
  222: "Lease read inconsistent",
  223: "Lease does not exist on storage",
  224: "Lease format version on storage is not recognized",
  225: "Lease sector size is inconsistent",
  226: "Lease lockspace name is incorrect",
  227: "Lease resource name is incorrect",
  228: "Lease num_hosts is incorrect",
  229: "Lease checksum error in leader",
  230: "Lease lockspace has other sizes",
  231: "Lease lockspace has no such host ID",
  240: "Lease has been another guest's since",
  241: "Lease lockspace is not found",
  242: "Lease lockspace disk cannot be opened",
  243: "Lease is held by another host",
  244: "Lease was acquired by another host in other ballot",
  245: "Lease was acquired by another host in local commit",
  246: "Lease is held by another host for shared acquire",
  247: "Lease is owned by another host",
  250: "Lease release version is incorrect",
  251: "Lease release owner is incorrect",
  260: "Lease renew owner is incorrect",
  261: "Lease renew data has changed",
  262: "Lease host ID is being used by another host",
};

const SYSTEM_WORDS: Readonly<Record<number, string>> = {
  1: "Operation not permitted",
  2: "No such file or directory",
  3: "No such process",
  5: "Input/output error",
  11: "Resource temporarily unavailable",
  12: "Cannot allocate memory",
  13: "Permission denied",
  16: "Device or resource busy",
  17: "File exists",
  19: "No such device",
  22: "Invalid argument",
  28: "No space left on device",
  30: "Read-only file system",
  90: "Message too long",
  110: "Connection timed out",
  115: "Operation now in progress",
  116: "Stale file handle",
  122: "Disk quota exceeded",
};

/** Results of which callers make something else than an error. */
const RESULT = {
  ENOENT: -2,
  ESRCH: -3,
  EPERM: -1,
  EAGAIN: -11,
  EEXIST: -17,
  ENODEV: -19,
  ENOSPC: -28,
  EMSGSIZE: -90,
  EINPROGRESS: -115,
  LEADER_MAGIC: -223,
  ACQUIRE_VERSION: -240,
  SHARED_RETRY: -246,
  OWNER_RETRY: -247,
} as const;

/** The results that say that somebody else has a lease. */
const BUSY: readonly number[] = [-16, -17, -212, -213, -240, -243, -244, -245, -246, -247];

function isBusy(result: number): boolean {
  return BUSY.includes(result);
}

function wordsOf(result: number): string {
  return (result <= -200 ? WORDS[-result] : SYSTEM_WORDS[-result]) ?? `error ${-result}`;
}

/** What a failed acquire is for the guest's start, as libvirt says it: the name of an error's code, and its detail. */
function acquireRefusal(result: number): { readonly code: "RESOURCE_BUSY" | "INTERNAL_ERROR"; readonly words: string } {
  const words = `Failed to acquire lock: ${wordsOf(result)}`;
  if (result === RESULT.ENOSPC)
    return { code: "INTERNAL_ERROR", words: `${words} (this host is not in the lockspace, or has lost it)` };
  if (result === RESULT.EEXIST) return { code: "RESOURCE_BUSY", words: `${words} (a guest of this host has it)` };
  return { code: isBusy(result) ? "RESOURCE_BUSY" : "INTERNAL_ERROR", words };
}

/** Whether the same may be given in a moment: a lease that is just being given back, or whose owner is being watched. */
function isForNow(result: number): boolean {
  return result === RESULT.EAGAIN || result === RESULT.SHARED_RETRY || result === RESULT.OWNER_RETRY;
}

/** Whether there is no lease at the place, only what will become one. */
function isUnformatted(result: number): boolean {
  return result === RESULT.LEADER_MAGIC || result === RESULT.EMSGSIZE;
}

export = { RESULT, acquireRefusal, isBusy, isForNow, isUnformatted, wordsOf };
