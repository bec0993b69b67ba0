/** Runs in a network namespace of its own and makes the networks of containers there; says as JSON what could be seen of them. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { VirtError } from "@polyvisor/core";
import { type Domain, parseDevice, parseDomain } from "@polyvisor/sdk/conf/domain";
import { ContainerNetworks, networkIn } from "../network/container-networks.js";

const HOOKS = { hooks: { defaultArch: "x86_64" } };

function ip(...words: readonly string[]): string {
  return execFileSync("ip", words, { encoding: "utf8" });
}

function links(path?: string): string[] {
  const json = path === undefined ? ip("-json", "link") : run("nsenter", `--net=${path}`, "ip", "-json", "link");
  const all = JSON.parse(json) as { readonly ifname: string }[];
  return all.map(({ ifname }) => ifname).sort();
}

function run(command: string, ...words: readonly string[]): string {
  return execFileSync(command, words, { encoding: "utf8" });
}

function container(devices: string, features = ""): Domain {
  return parseDomain(
    `<domain type='lxc'><name>c</name><memory>65536</memory><os><type>exe</type><init>/bin/sh</init></os>
     <features>${features}</features><devices>${devices}</devices></domain>`,
    HOOKS,
  );
}

const EVERYTHING = `
  <interface type='bridge'><source bridge='br0'/><mac address='52:54:00:11:22:33'/>
    <ip address='10.1.1.2' prefix='24'/><ip address='fd00::2' family='ipv6' prefix='64'/>
    <route family='ipv4' address='0.0.0.0' gateway='10.1.1.1'/>
    <bandwidth><inbound average='1000' peak='5000' burst='1024'/></bandwidth><mtu size='1400'/></interface>
  <interface type='direct'><source dev='up0' mode='private'/><link state='up'/></interface>
  <interface type='ethernet'><source><ip address='192.168.9.1' prefix='24'/></source>
    <target dev='outside'/><guest dev='uplink'/></interface>
  <hostdev mode='capabilities' type='net'><source><interface>lend0</interface></source>
    <ip address='10.9.9.9' prefix='8'/></hostdev>`;

const REFUSED = {
  "no such bridge": "<interface type='bridge'><source bridge='nobr'/></interface>",
  "a user's network": "<interface type='user'/>",
  "no such device below": "<interface type='direct'><source dev='gone' mode='vepa'/></interface>",
  "a name that is taken": "<interface type='bridge'><source bridge='br0'/><target dev='up0'/></interface>",
  "bandwidth of macvlan":
    "<interface type='direct'><source dev='up0'/><bandwidth><inbound average='5'/></bandwidth></interface>",
  "no such network": "<interface type='network'><source network='default'/></interface>",
  "no such card": "<hostdev mode='capabilities' type='net'><source><interface>nothere</interface></source></hostdev>",
  "a name with words": "<interface type='bridge'><source bridge='br0 up'/></interface>",
} as const;

ip("link", "add", "br0", "type", "bridge");
ip("link", "add", "up0", "type", "veth", "peer", "name", "up1");
ip("link", "add", "lend0", "type", "veth", "peer", "name", "lend1");
const before = links();
const folder = mkdtempSync(join(tmpdir(), "networks-"));
const networks = new ContainerNetworks(undefined);
try {
  const { network, config } = await networks.prepare(container(EVERYTHING), { folder });
  const path = networkIn(folder).namespace as { readonly path: string };
  const made = {
    namespace: network.namespace,
    names: config.devices.interfaces.map(({ target, guest }) => [target?.dev, guest?.dev]),
    inside: links(path.path),
    addresses: run("nsenter", `--net=${path.path}`, "ip", "-brief", "address").split("\n"),
    routes: run("nsenter", `--net=${path.path}`, "ip", "route")
      .split("\n")
      .map((line) => line.trim()),
    bridge: ip("-brief", "link", "show", "master", "br0").split(/\s/)[0],
    classes: run("tc", "class", "show", "dev", "vnet0").trim(),
    mtu: /mtu (\d+)/.exec(ip("link", "show", "vnet0"))?.[1],
    host: ip("-brief", "address", "show", "dev", "outside").includes("192.168.9.1/24"),
  };

  const plugged = await networks.plugIn(
    config,
    parseDevice(
      "<interface type='bridge'><source bridge='br0'/><ip address='10.1.1.3' prefix='24'/></interface>",
      config,
      HOOKS,
    ) as never,
    path.path,
  );
  const withOneMore = links(path.path);
  await networks.pullOut(config, plugged);
  const withoutIt = links(path.path);
  const failed = await networks
    .plugIn(
      config,
      parseDevice("<interface type='bridge'><source bridge='nobr'/></interface>", config, HOOKS) as never,
      path.path,
    )
    .catch((error: VirtError) => [error.detail, links(path.path), links().filter((name) => name.startsWith("vnet"))]);

  await networks.release(network, config);
  const released = { links: links(), pinned: existsSync(path.path) };
  await networks.release(network, config);

  const refusals: Record<string, unknown> = {};
  for (const [what, devices] of Object.entries(REFUSED)) {
    const error = await networks.prepare(container(devices), { folder }).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    refusals[what] = [
      error instanceof VirtError ? `${error.code}: ${error.detail}` : String(error),
      existsSync(path.path),
    ];
  }
  const own = await networks.prepare(container("", "<privnet/>"), { folder });
  const alone = links(path.path);
  await networks.release(own.network, own.config);
  const shared = await networks.prepare(container(""), { folder });

  const many = await Promise.all(
    Array.from({ length: 6 }, async () => {
      const place = { folder: mkdtempSync(join(folder, "one-")) };
      return networks.prepare(container("<interface type='bridge'><source bridge='br0'/></interface>"), place);
    }),
  );
  const names = many.map(({ config: { devices } }) => devices.interfaces[0]?.target?.dev);
  for (const each of many) await networks.release(each.network, each.config);

  process.stdout.write(
    JSON.stringify({
      before,
      made,
      plugged: plugged.guest?.dev,
      withOneMore,
      withoutIt,
      failed,
      released,
      refusals,
      alone,
      shared: shared.network.namespace,
      names: [...new Set(names)].length,
      after: links(),
    }),
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
