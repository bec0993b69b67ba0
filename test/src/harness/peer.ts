import { startLibvirtd } from "@polyvisor/sdk/testkit";
import { startPolyvisord } from "./polyvisord.js";
import { endProcessesNaming } from "./processes.js";

export type Driver = "test" | "qemu";

/** A daemon under test. The same test bodies run on ours and on the real libvirtd, whose answers are the right ones. */
export interface Peer {
  readonly name: "polyvisord" | "libvirtd";
  /** Everything that the daemon and its guests write. */
  readonly folder: string;
  readonly socket: string;
  /** A client's URI; the socket is another when a recorder stands between. */
  uri(driver: Driver, socket?: string): string;
  /** Ends the daemon and whatever it has started, and removes the folder. */
  stop(): Promise<void>;
}

/** Ours, or with POLYVISOR_TEST_PEER=libvirtd the real one: that proves the tests themselves. */
export function startPeer(name = process.env.POLYVISOR_TEST_PEER): Promise<Peer> {
  return name === "libvirtd" ? realLibvirtd() : ourDaemon();
}

export async function ourDaemon(): Promise<Peer> {
  const daemon = await startPolyvisord();
  return {
    name: "polyvisord",
    folder: daemon.root,
    socket: daemon.socket,
    uri: (driver, socket) => daemon.uri(driver, socket),
    stop: () => daemon.dispose(),
  };
}

export async function realLibvirtd(): Promise<Peer> {
  const daemon = await startLibvirtd();
  return {
    name: "libvirtd",
    folder: daemon.folder,
    socket: daemon.socket,
    uri: (driver, socket = daemon.socket) =>
      `${driver}+unix://${driver === "test" ? "/default" : "/session"}?socket=${socket}`,
    async stop() {
      await endProcessesNaming(daemon.folder);
      await daemon.stop();
    },
  };
}
