import { type CallContext, Connection, type Host, type HypervisorDriver, parseUri, silentLog } from "@polyvisor/core";

/** A hypervisor driver under test, however it is reached. */
export interface HypervisorSubject {
  /** A new connection, as one more client. Whoever opens it closes it. */
  open(options?: { readonly readOnly?: boolean }): Promise<Connection>;
  /** Ends the driver as its operator would, and starts it again; guests go on. Connections of before are lost. */
  restart?(): Promise<void>;
  /** Ends the driver in the middle of whatever it does, and has it start again; guests go on. */
  kill?(): Promise<void>;
  close(): Promise<void>;
}

/** What a host reaches under a URI: a plugin in this process or one of its own, or a daemon. */
export function subjectOfHost(host: Host, uri: string): HypervisorSubject {
  return { open: ({ readOnly = false } = {}) => host.open(uri, { readOnly }), close: () => host.close() };
}

/** A driver that no host has loaded, such as one that a test has just made. */
export function subjectOfDriver(driver: HypervisorDriver, uri: string): HypervisorSubject {
  let started: Promise<void> | undefined;
  return {
    async open({ readOnly = false } = {}) {
      started ??= (async () => driver.start?.())();
      await started;
      const context = ownContext(readOnly);
      return new Connection(await driver.open(parseUri(uri), context), context);
    },
    async close() {
      await driver.close?.();
    },
  };
}

function ownContext(readOnly: boolean): CallContext {
  const identity = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, pid: process.pid };
  return { identity, readOnly, signal: new AbortController().signal, log: silentLog };
}
