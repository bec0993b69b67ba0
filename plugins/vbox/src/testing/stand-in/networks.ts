import { randomUUID } from "node:crypto";
import { Refusal, syntax } from "./refusal.js";
import type { World } from "./state.js";
import type { Words } from "./words.js";

export function hostOnlyIf(world: World, words: Words): string {
  const action = words.take("action");
  if (action === "create") {
    const taken = new Set(world.hostOnly.map(({ name }) => name));
    let number = 0;
    while (taken.has(`vboxnet${number}`)) number++;
    const name = `vboxnet${number}`;
    world.hostOnly.push({ name, uuid: randomUUID(), ip: "", netmask: "", isUp: false });
    return `0%...10%...100%\nInterface '${name}' was successfully created\n`;
  }
  const name = words.take("interface");
  const found = world.hostOnly.find((each) => each.name === name);
  if (found === undefined)
    throw new Refusal(`The host network interface named '${name}' could not be found`, "E_INVALIDARG");
  if (action === "remove") {
    world.hostOnly = world.hostOnly.filter((each) => each !== found);
    return "";
  }
  if (action !== "ipconfig") throw syntax(`Invalid parameter '${action}'`);
  const options = words.options({ "--ip": "value", "--netmask": "value", "--dhcp": "flag", "--ipv6": "value" });
  found.ip = options.get("--ip") ?? found.ip;
  found.netmask = options.get("--netmask") ?? found.netmask;
  found.isUp = true;
  return "";
}

export function dhcpServer(world: World, words: Words): string {
  const action = words.take("action");
  const options = words.options({
    ...{ "--interface": "value", "--ifname": "value", "--network": "value", "--server-ip": "value", "--ip": "value" },
    ...{
      "--netmask": "value",
      "--lower-ip": "value",
      "--lowerip": "value",
      "--upper-ip": "value",
      "--upperip": "value",
    },
    ...{ "--enable": "flag", "--disable": "flag" },
  });
  const name = options.get("--interface") ?? options.get("--ifname");
  const network = name === undefined ? (options.get("--network") ?? "") : `HostInterfaceNetworking-${name}`;
  const found = world.dhcp.find((each) => each.network === network);
  if (action === "add") {
    if (found !== undefined) throw new Refusal("DHCP server already exists", "E_INVALIDARG");
    world.dhcp.push({
      network,
      ip: options.get("--server-ip") ?? options.get("--ip") ?? "",
      netmask: options.get("--netmask") ?? "",
      lower: options.get("--lower-ip") ?? options.get("--lowerip") ?? "",
      upper: options.get("--upper-ip") ?? options.get("--upperip") ?? "",
      isOn: options.has("--enable"),
    });
    return "";
  }
  if (found === undefined) throw new Refusal("DHCP server does not exist", "VBOX_E_OBJECT_NOT_FOUND");
  if (action === "remove") world.dhcp = world.dhcp.filter((each) => each !== found);
  else if (action === "modify") found.isOn = options.has("--enable");
  else throw syntax(`Invalid parameter '${action}'`);
  return "";
}

export function natNetwork(world: World, words: Words): string {
  const action = words.take("action");
  const options = words.options({
    ...{ "--netname": "value", "--network": "value", "--enable": "flag", "--disable": "flag", "--dhcp": "value" },
  });
  const name = options.get("--netname") ?? "";
  const found = world.nat.find((each) => each.name === name);
  if (action === "add") {
    if (found !== undefined) throw new Refusal("NATNetwork server already exists", "E_INVALIDARG");
    const network = options.get("--network") ?? "";
    world.nat.push({ name, network, isOn: options.has("--enable"), hasDhcp: options.get("--dhcp") === "on" });
    return "";
  }
  if (found === undefined) throw new Refusal("NATNetwork server does not exist", "VBOX_E_OBJECT_NOT_FOUND");
  if (action === "remove") world.nat = world.nat.filter((each) => each !== found);
  else if (action === "modify") found.isOn = options.has("--enable");
  else throw syntax(`Invalid parameter '${action}'`);
  return "";
}
