import { type ErrorDetail, type ErrorName, VirtError } from "@polyvisor/core";

/** An error of the driver's own part of the system. */
export function esxError(code: ErrorName, detail: string, hint?: string, more: ErrorDetail = {}): VirtError {
  return new VirtError(code, detail, { domain: "ESX", ...(hint === undefined ? {} : { hint }), ...more });
}

/** What the server itself refused: libvirt's words, and the type of the fault for whoever knows better. */
export class SoapFault extends VirtError {
  /** Such as `NotAuthenticated`; empty where the server does not say. */
  readonly fault: string;

  constructor(method: string, code: string, words: string, fault: string) {
    const detail = `HTTP response code 500 for call to '${method}'. Fault: ${code} - ${words}`;
    super("INTERNAL_ERROR", detail, { domain: "ESX", hint: hintFor(fault) });
    this.fault = fault;
  }
}

function hintFor(fault: string): string {
  switch (fault) {
    case "InvalidLogin":
      return "look at the user of the URI, and at the name and the password in the authentication file";
    case "NoPermission":
      return "the user of the session lacks a privilege on the server";
    case "NotAuthenticated":
      return "the server has ended the session: connect again";
    case "RestrictedVersion":
      return "the host's licence does not allow changes by programs";
    default:
      return "the server's own log says more";
  }
}
