import type { ChardevSource, ChardevTcp, Parallel, Serial } from "@polyvisor/sdk/conf/domain";
import type { VmxReading } from "./context.js";
import { type VmxEntries, vmxError } from "./entries.js";

const SERIAL_PORTS = [0, 1, 2, 3];
const PARALLEL_PORTS = [0, 1, 2];

export function parseSerials(entries: VmxEntries, reading: VmxReading): readonly Serial[] {
  return SERIAL_PORTS.filter((port) => entries.boolean(`serial${port}.present`, false)).map((port) => ({
    kind: "serial",
    source: serialSource(entries, reading, `serial${port}`),
    target: { port },
  }));
}

export function parseParallels(entries: VmxEntries, reading: VmxReading): readonly Parallel[] {
  return PARALLEL_PORTS.filter((port) => entries.boolean(`parallel${port}.present`, false)).map((port) => ({
    kind: "parallel",
    source: parallelSource(entries, reading, `parallel${port}`),
    target: { port },
  }));
}

function serialSource(entries: VmxEntries, reading: VmxReading, prefix: string): ChardevSource {
  // a port on a device of the host's may do without a word of its type
  const type = entries.string(`${prefix}.fileType`) ?? "device";
  const path = entries.string(`${prefix}.fileName`);
  switch (type.toLowerCase()) {
    case "device":
      return { type: "dev", path };
    case "file":
      return { type: "file", path: reading.fileName(entries.required(`${prefix}.fileName`), false) };
    case "pipe":
      return { type: "pipe", path };
    case "network":
      return networkSource(entries, prefix);
    default:
      throw vmxError(
        `Expecting VMX entry '${prefix}.fileType' to be 'device', 'file' or 'pipe' or 'network' but found '${type}'`,
        "Choose one of these.",
      );
  }
}

function parallelSource(entries: VmxEntries, reading: VmxReading, prefix: string): ChardevSource {
  const type = entries.required(`${prefix}.fileType`);
  const path = entries.required(`${prefix}.fileName`);
  if (type.toLowerCase() === "device") return { type: "dev", path };
  if (type.toLowerCase() === "file") return { type: "file", path: reading.fileName(path, false) };
  const detail = `Expecting VMX entry '${prefix}.fileType' to be 'device' or 'file' but found '${type}'`;
  throw vmxError(detail, "Choose one of these.");
}

const PROTOCOLS: ReadonlyMap<string, ChardevTcp["protocol"]> = new Map([
  ["tcp", "raw"],
  ["tcp4", "raw"],
  ["tcp6", "raw"],
  ["telnet", "telnet"],
  ["telnets", "telnets"],
  ["ssl", "tls"],
  ["tcp+ssl", "tls"],
  ["tcp4+ssl", "tls"],
  ["tcp6+ssl", "tls"],
]);

function networkSource(entries: VmxEntries, prefix: string): ChardevTcp {
  const name = `${prefix}.fileName`;
  const uri = /^(?:([a-z][a-z0-9+.-]*):)?\/\/(?:\[([^\]]*)\]|([^:/?#]*))(?::(\d*))?/i.exec(entries.required(name));
  const [, scheme = "tcp", ipv6, plain, port = ""] = uri ?? [];
  if (Number(port) === 0) {
    throw vmxError(`VMX entry '${name}' doesn't contain a port part`, `Write ${name} = "telnet://0.0.0.0:42001".`);
  }
  const protocol = PROTOCOLS.get(scheme.toLowerCase());
  if (protocol === undefined) {
    const detail = `VMX entry '${name}' contains unsupported scheme '${scheme}'`;
    throw vmxError(detail, "Ports are reached by tcp, telnet, telnets or ssl.");
  }
  const host = ipv6 ?? plain;
  return {
    type: "tcp",
    mode: endPoint(entries, `${prefix}.network.endPoint`),
    host: host === "" ? undefined : host,
    service: String(Number(port)),
    protocol,
  };
}

function endPoint(entries: VmxEntries, name: string): ChardevTcp["mode"] {
  const written = entries.string(name) ?? "server";
  if (written.toLowerCase() === "server") return "bind";
  if (written.toLowerCase() === "client") return "connect";
  throw vmxError(`Expecting VMX entry '${name}' to be 'server' or 'client' but found '${written}'`, "Choose one.");
}
