import type { Domain as Config } from "@polyvisor/sdk/conf/domain";
import { parseDomain } from "@polyvisor/sdk/conf/domain";
import { escapeXml } from "@polyvisor/sdk/xml";
import { type NativeContext, parseLibxlJson, toXlCreate } from "./native/index.js";
import type { DomainRow } from "./xl/table.js";

/** What `xl create` is given of a configuration. */
export function xlText(config: Config): string {
  return toXlCreate(config, {});
}

/** A configuration of what runs: `found` is what xl knows of it. Fails as documents do where that makes no sense. */
export function readRunning(row: DomainRow, found: unknown, context: NativeContext): Config {
  const config = found === undefined || row.id === 0 ? bareConfig(row, context) : parseLibxlJson(found, context);
  return { ...config, name: row.name, uuid: row.uuid };
}

/** Of the host's own domain xl knows little; it has what it runs with. */
function bareConfig({ name, uuid, memory, vcpus }: DomainRow, { hooks }: NativeContext): Config {
  const xml = `<domain type='xen'><name>${escapeXml(name)}</name><uuid>${uuid}</uuid><memory>${memory}</memory><vcpu>${vcpus}</vcpu><os><type>linux</type></os></domain>`;
  return parseDomain(xml, { hooks });
}

/** With the names that a domain has in dom0 while it runs. */
export function runningConfig(config: Config, id: number, tty: string | undefined): Config {
  const interfaces = config.devices.interfaces.map((each, index) => ({
    ...each,
    target: { ...each.target, dev: each.target?.dev ?? `vif${id}.${index}` },
  }));
  const consoles = config.devices.consoles.map((each, index) =>
    index === 0 && tty !== undefined && each.source.type === "pty"
      ? { ...each, source: { ...each.source, path: tty } }
      : each,
  );
  return { ...config, devices: { ...config.devices, interfaces, consoles } };
}
