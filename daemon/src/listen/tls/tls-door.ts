import { constants } from "node:crypto";
import type { Socket } from "node:net";
import { createServer, type SecureContextOptions, type Server, type TLSSocket } from "node:tls";
import type { TlsVersions } from "@polyvisor/sdk/rpc/wire";
import { nameTest } from "../../auth/patterns.js";
import { type TlsMaterial, timeProblem } from "./files.js";
import { distinguishedName } from "./names.js";

/** Who may come in by TLS. */
export interface TlsTerms {
  readonly material: TlsMaterial;
  readonly versions: TlsVersions;
  /** Without it whoever comes is let in, with a certificate or without. */
  readonly wantsCertificate: boolean;
  /** Patterns for the names of certificates; without a list every certificate of the CA will do. */
  readonly allowedNames: readonly string[] | undefined;
}

/** Told of each connection that was taken, once. */
export interface TlsOutcome {
  /** The client is known, and has been told so: what it says from here on is for a session. */
  admitted(socket: TLSSocket, x509Name: string | undefined): void;
  /** The connection is over. */
  refused(reason: string, peer: string | undefined): void;
}

/** How long a client may take until its certificate is here, in milliseconds. */
const HANDSHAKE_MS = 30_000;

/** The byte by which libvirt's server tells a client that its certificate has been looked at and will do. */
const WELCOME = Buffer.from([1]);

/**
 * Turns accepted connections into encrypted ones and looks at the certificates of clients. As libvirt does, it finishes the
 * handshake before it decides, and closes the connection of whom it refuses.
 */
export class TlsDoor {
  readonly #server: Server;
  readonly #terms: Omit<TlsTerms, "material">;
  readonly #mayEnter: (name: string) => boolean;
  readonly #outcome: TlsOutcome;
  /** Connections of which nobody has heard yet, by the address of their client. */
  readonly #handshaking = new Map<string, Socket>();

  constructor(terms: TlsTerms, outcome: TlsOutcome) {
    this.#terms = terms;
    this.#mayEnter = nameTest(terms.allowedNames);
    this.#outcome = outcome;
    this.#server = createServer({
      ...contextOf(terms.material, terms.versions),
      requestCert: true,
      rejectUnauthorized: false,
      handshakeTimeout: HANDSHAKE_MS,
    });
    this.#server.on("secureConnection", (socket) => this.#decide(socket));
    this.#server.on("tlsClientError", (error, socket) => {
      outcome.refused(`the handshake failed: ${error.message}`, socket.remoteAddress);
      socket.destroy();
    });
  }

  /** Takes over a connection on which nothing has been read. */
  take(socket: Socket): void {
    const key = addressOf(socket);
    this.#handshaking.set(key, socket);
    socket.once("close", () => {
      if (this.#handshaking.get(key) === socket) this.#handshaking.delete(key);
    });
    this.#server.emit("connection", socket);
  }

  /** Ends the connections that nobody has heard of yet. */
  close(): void {
    for (const socket of this.#handshaking.values()) socket.destroy();
  }

  /** Clients that come from now on see other certificates. Throws where those are none. */
  renew(material: TlsMaterial): void {
    this.#server.setSecureContext(contextOf(material, this.#terms.versions));
  }

  #decide(socket: TLSSocket): void {
    this.#handshaking.delete(addressOf(socket));
    // Its session listens for errors only from when it has taken over.
    socket.on("error", () => {});
    const certificate = socket.getPeerX509Certificate();
    const name = certificate === undefined ? undefined : distinguishedName(certificate);
    const problem = this.#terms.wantsCertificate ? this.#problemOf(socket, certificate, name) : undefined;
    if (problem === undefined) {
      socket.write(WELCOME);
      this.#outcome.admitted(socket, name);
      return;
    }
    this.#outcome.refused(name === undefined ? problem : `${problem} (${name})`, socket.remoteAddress);
    socket.destroy();
  }

  #problemOf(
    socket: TLSSocket,
    certificate: ReturnType<TLSSocket["getPeerX509Certificate"]>,
    name: string | undefined,
  ): string | undefined {
    if (certificate === undefined || name === undefined) return "the client showed no certificate";
    const time = timeProblem(certificate);
    if (time !== undefined) return `The client certificate [session] ${time}`;
    if (!socket.authorized) return `Certificate failed validation: ${reasonOf(socket.authorizationError)}`;
    if (certificate.ca) return "The certificate [session] basic constraints show a CA, but we need one for a client";
    if (!this.#mayEnter(name))
      return "Client's Distinguished Name is not on the list of allowed clients (tls_allowed_dn_list)";
    return undefined;
  }
}

/** Nobody resumes an earlier session: a certificate that has been revoked since would not be looked at again. */
function contextOf(material: TlsMaterial, versions: TlsVersions): SecureContextOptions {
  return { ...material, ...versions, secureOptions: constants.SSL_OP_NO_TICKET };
}

function addressOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

/** libvirt's words for what OpenSSL found. */
const REASONS: Readonly<Record<string, string>> = {
  CERT_REVOKED: "The certificate has been revoked.",
  DEPTH_ZERO_SELF_SIGNED_CERT: "The certificate hasn't got a known issuer.",
  SELF_SIGNED_CERT_IN_CHAIN: "The certificate hasn't got a known issuer.",
  UNABLE_TO_GET_ISSUER_CERT: "The certificate hasn't got a known issuer.",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "The certificate hasn't got a known issuer.",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "The certificate hasn't got a known issuer.",
};

function reasonOf(error: Error | string | undefined): string {
  const code = error instanceof Error ? error.message : String(error);
  return REASONS[code] ?? `The certificate is not trusted. (${code})`;
}
