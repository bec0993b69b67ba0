import { readFile } from "node:fs/promises";
import type { CallContext } from "@polyvisor/core";
import { findCredentials } from "@polyvisor/sdk/auth-file";
import type { HypervConfig } from "./config.js";
import { hypervError } from "./errors.js";
import { Machines } from "./machine/machines.js";
import type { HypervUri } from "./uri.js";
import { Wmi } from "./wmi/wmi.js";
import { select } from "./wmi/wql.js";
import { WsmanClient } from "./wsman/client.js";
import { HttpClient } from "./wsman/http.js";

/** A Hyper-V host that a client is connected to. */
export interface Server {
  readonly wmi: Wmi;
  readonly machines: Machines;
  /** Of its Windows, such as `10.0.17763`. */
  readonly version: string;
  close(): void;
}

/** Logs in, and asks what is there. */
export async function openServer(uri: HypervUri, config: HypervConfig, { identity }: CallContext): Promise<Server> {
  const { host, port, secure, verify } = uri;
  const credentials = await findCredentials(
    { service: "hyperv", host, user: uri.user, authFile: uri.authFile, settingsFile: config.auth_file },
    identity,
  );
  const deadline = config.timeout * 1000;
  const authorities = await trusted(config.ca_file);
  const http = new HttpClient({ host, port, secure, verify, authorities, deadline, ...credentials });
  const url = `${secure ? "https" : "http"}://${host}:${port}/wsman`;
  const wmi = new Wmi(new WsmanClient(http, { url, patience: deadline }), config.job_timeout * 1000);
  try {
    const [system] = await wmi.query("Win32_OperatingSystem", select("Win32_OperatingSystem"));
    if (system === undefined) {
      const detail = `Could not get version information for host ${host}`;
      throw hypervError("INTERNAL_ERROR", detail, "the user may lack rights on the server");
    }
    const version = system.required("Version");
    return { wmi, machines: new Machines(wmi), version, close: () => wmi.close() };
  } catch (error) {
    wmi.close();
    throw error;
  }
}

/** Node's own authorities and the file's. */
async function trusted(file: string | undefined): Promise<readonly string[]> {
  if (file === undefined) return [];
  const { rootCertificates } = await import("node:tls");
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw hypervError("SYSTEM_ERROR", `Failed to open file '${file}'`, "ca_file of plugins/hyperv.conf", { cause });
  });
  return [...rootCertificates, text];
}
