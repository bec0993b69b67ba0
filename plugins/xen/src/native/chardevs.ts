import type { Channel, Domain, Parallel, Serial } from "@polyvisor/sdk/conf";
import { formatChardevSource, parseChardevSource } from "./chardev-source.js";
import { type NativeReader, type NativeSettings, parsePairs } from "./config.js";
import { refuse } from "./errors.js";

/** xm takes one serial port, xl a list. */
export type SerialPorts = "one" | "many";

type Ports = Pick<Domain["devices"], "parallels" | "serials" | "consoles">;

export function parsePorts(conf: NativeReader, { os }: Domain, ports: SerialPorts): Ports {
  if (os.type !== "hvm") {
    const console = { kind: "console", source: { type: "pty" }, target: { type: "xen", port: 0 } } as const;
    return { parallels: [], serials: [], consoles: [console] };
  }
  const parallel = conf.string("parallel") ?? "none";
  const parallels: readonly Parallel[] =
    parallel === "none" ? [] : [{ kind: "parallel", source: parseChardevSource(parallel), target: { port: 0 } }];
  return { parallels, serials: parseSerials(conf, ports), consoles: [] };
}

function parseSerials(conf: NativeReader, ports: SerialPorts): readonly Serial[] {
  const list = conf.strings("serial");
  if (list !== undefined && ports === "one") refuseMany();
  const written = list ?? [conf.string("serial") ?? "none"];
  return written.flatMap((each, port): readonly Serial[] =>
    each === "none" ? [] : [{ kind: "serial", source: parseChardevSource(each), target: { port } }],
  );
}

function refuseMany(): never {
  refuse("CONFIG_UNSUPPORTED", "Multiple serial devices are not supported by xen-xm", "Use the format xen-xl.");
}

export function formatPorts({ os, devices }: Domain, settings: NativeSettings, ports: SerialPorts): void {
  if (os.type !== "hvm") return;
  const [parallel] = devices.parallels;
  settings.set("parallel", parallel === undefined ? "none" : formatChardevSource(parallel.source));
  const { serials } = devices;
  const [first, second] = serials;
  if (first === undefined) settings.set("serial", "none");
  else if (second === undefined && first.target.port === 0) settings.set("serial", formatChardevSource(first.source));
  else if (ports === "one") refuseMany();
  else settings.setList("serial", serialList(serials));
}

/** One entry for each port up to the last. */
export function serialList(serials: readonly Serial[]): readonly string[] {
  const last = Math.max(-1, ...serials.map(({ target }) => target.port));
  return Array.from({ length: last + 1 }, (_, port) => {
    const serial = serials.find(({ target }) => target.port === port);
    return serial === undefined ? "none" : formatChardevSource(serial.source);
  });
}

export function parseChannels(conf: NativeReader): readonly Channel[] {
  return conf.stringsOf("channel").flatMap((written) => {
    const pairs = parsePairs(written);
    return pairs === undefined ? [] : [parseChannel(pairs)];
  });
}

function parseChannel(pairs: ReadonlyMap<string, string>): Channel {
  const connection = pairs.get("connection") ?? "";
  const target = { type: "xen", name: pairs.get("name") } as const;
  if (connection.startsWith("pty")) return { kind: "channel", source: { type: "pty" }, target };
  if (!connection.startsWith("socket")) {
    refuse("CONF_SYNTAX", `unknown connection '${connection}' of channel`, "Use connection=pty or connection=socket.");
  }
  return { kind: "channel", source: { type: "unix", mode: "bind", path: pairs.get("path") }, target };
}

export function formatChannels({ devices }: Domain, settings: NativeSettings): void {
  const channels = devices.channels.filter(({ target }) => target.type === "xen");
  settings.setList("channel", channels.map(formatChannel));
}

export function formatChannel({ source, target }: Channel): string {
  const name = `name=${"name" in target ? (target.name ?? "") : ""}`;
  if (source.type === "pty") return `connection=pty,${name}`;
  if (source.type !== "unix") {
    refuse("CONFIG_UNSUPPORTED", "channel source type not supported", "Use type='pty' or type='unix'.");
  }
  return source.path === undefined ? `connection=socket,${name}` : `connection=socket,path=${source.path},${name}`;
}
