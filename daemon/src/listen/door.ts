import type { LoginTerms } from "../auth/login.js";
import type { TlsTerms } from "./tls/tls-door.js";

/** A unix socket to make. */
export interface UnixPlace {
  readonly path: string;
  readonly mode: number;
}

/** A port of TCP. Without a host it is that of every address of this machine. */
export interface PortPlace {
  readonly host?: string;
  /** 0 for any that is free. */
  readonly port: number;
}

/** A socket that listens already: a service manager has made it. */
export interface InheritedPlace {
  readonly descriptor: number;
}

/** Who may come in by a place, and to do what. */
export interface DoorTerms {
  readonly readOnly: boolean;
  /** Without it clients need not log in. */
  readonly login?: LoginTerms;
  /** Only the host itself can come by it: it says whom each connection is for, before it opens anything. */
  readonly isOfHost?: boolean;
}

/** What comes over a network is encrypted. */
export interface NetworkTerms extends DoorTerms {
  readonly tls: TlsTerms;
}

export type UnixDoor = (UnixPlace | (InheritedPlace & { readonly isUnix: true })) & DoorTerms;

export type NetworkDoor = (PortPlace | (InheritedPlace & { readonly isUnix: false })) & NetworkTerms;

/** A place to listen on, and the terms there. */
export type ListenAt = UnixDoor | NetworkDoor;

/** Whether the kernel tells who is at the other end. */
export function isUnix(at: ListenAt): at is UnixDoor {
  return !("tls" in at);
}

/** What a place is called in the log. */
export function placeName(at: ListenAt): string {
  if ("path" in at) return at.path;
  if ("descriptor" in at) return `descriptor ${at.descriptor}`;
  return `${at.host ?? "*"}:${at.port}`;
}
