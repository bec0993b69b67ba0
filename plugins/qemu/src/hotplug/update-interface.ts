import { type DeviceOf, findDevice, type Interface, replaceDevice, samePlace } from "@polyvisor/sdk/conf/domain";
import { connectedTo } from "../command-line/network.js";
import { checkFits } from "../conf/index.js";
import { qemuError } from "../errors.js";
import { moveToBridge } from "../start/tap.js";
import type { Environment } from "./environment.js";

/** Changes a network card that a guest has: its link, and the bridge that it is on. */
export async function updateInterface(env: Environment, wanted: DeviceOf<"interface">): Promise<void> {
  const { guest } = env;
  // It fails by itself where there is none.
  const old = findDevice(guest.config, wanted) as Interface;
  checkFits(guest.config, wanted, { old, live: true });
  const source = connectedTo(old);
  if (source.type === "hostdev" || source.type === "vdpa")
    throw fixed(`cannot change config of '${source.type}' network interface type`);
  const changed = keepUnsaid(old, wanted);
  checkCard(old, changed);
  const given = (await env.steps.give(changed)) as Interface;
  let isReplaced = false;
  try {
    isReplaced = await applyChanges(env, old, given);
  } finally {
    if (given.source.type === "network") await env.steps.takeBack(isReplaced ? old : given);
  }
  await env.save();
}

/** What the new card does not say stays as it is. */
function keepUnsaid(old: Interface, wanted: Interface): Interface {
  return {
    ...wanted,
    target: { ...wanted.target, dev: wanted.target?.dev ?? old.target?.dev },
    address: wanted.address ?? old.address,
    alias: wanted.alias ?? old.alias,
    bootOrder: wanted.bootOrder ?? old.bootOrder,
    rom: wanted.rom ?? old.rom,
  };
}

const DRIVER_OPTIONS = ["iommu", "ats", "packed", "pagePerVq"] as const;

function checkCard(old: Interface, wanted: Interface): void {
  const [was, becomes] = [old.mac?.address, wanted.mac?.address];
  if (was !== becomes) throw fixed(`cannot change network interface mac address from ${was} to ${becomes}`);
  if (old.model !== wanted.model)
    throw fixed(`cannot modify network device model from ${old.model ?? "(null)"} to ${wanted.model ?? "(null)"}`);
  checkDriver(old, wanted);
  if (old.script !== wanted.script) throw fixed("cannot modify network device script attribute");
  if (old.target?.dev !== wanted.target?.dev) throw fixed("cannot modify network device tap name");
  if (old.address?.type !== wanted.address?.type) throw fixed("cannot modify network device address type");
  if (!samePlace(old.address, wanted.address)) throw fixed("cannot modify network device guest PCI address");
  if (old.rom?.bar !== wanted.rom?.bar) throw fixed("cannot modify network device rom bar setting");
  if (old.rom?.file !== wanted.rom?.file) throw fixed("cannot modify network rom file");
  if (old.bootOrder !== wanted.bootOrder) throw fixed("cannot modify network device boot index setting");
  if (old.rom?.enabled !== wanted.rom?.enabled) throw fixed("cannot modify network device rom enabled setting");
  if (old.mtu !== wanted.mtu) throw fixed("cannot modify MTU");
}

function checkDriver({ driver: old, model }: Interface, { driver: wanted }: Interface): void {
  const tuning = (driver: Interface["driver"]) => {
    const { iommu, ats, packed, pagePerVq, ...rest } = driver ?? {};
    return JSON.stringify(
      Object.entries(rest)
        .filter(([, value]) => value !== undefined)
        .sort(),
    );
  };
  if (model?.startsWith("virtio") === true && tuning(old) !== tuning(wanted))
    throw fixed("cannot modify virtio network device driver attributes");
  if (DRIVER_OPTIONS.some((name) => old?.[name] !== wanted?.[name]))
    throw fixed("cannot modify virtio network device driver options");
}

/** Whether the guest has the new card now; a link that changes alone does not make it another one. */
async function applyChanges(env: Environment, old: Interface, wanted: Interface): Promise<boolean> {
  const { guest } = env;
  const [was, becomes] = [connectedTo(old), connectedTo(wanted)];
  if (becomes.type === "hostdev" || becomes.type === "vdpa")
    throw fixed(`cannot change network interface type to '${becomes.type}'`);
  const [oldBridge, bridge] = [bridgeOf(was), bridgeOf(becomes)];
  const isMoved = oldBridge !== undefined && bridge !== undefined && oldBridge !== bridge;
  const isSame =
    was.type === becomes.type && JSON.stringify(withoutBridge(was)) === JSON.stringify(withoutBridge(becomes));
  const isBridged = oldBridge !== undefined && bridge !== undefined;
  if ((!isSame && !isBridged) || old.sndbuf !== wanted.sndbuf || changes(old, wanted, "virtualport"))
    throw fixed(`unable to change config on '${wanted.source.type}' network type`);
  for (const [name, words] of NOT_YET)
    if (changes(old, wanted, name)) throw fixed(`cannot change the ${words} of a network interface of a running guest`);
  if (isMoved) moveToBridge(old.target?.dev ?? "", oldBridge, bridge);
  if (old.link !== wanted.link && !(old.link === undefined && wanted.link === "up")) {
    if (old.alias === undefined) throw qemuError("OPERATION_FAILED", "can't change link state: device alias not found");
    await guest.qmp("set_link", { name: old.alias, up: wanted.link !== "down" });
  }
  guest.config = replaceDevice(guest.config, old, isMoved ? wanted : { ...old, link: wanted.link });
  return isMoved;
}

/** What a host does for a card, and this one does not do for one that runs. */
const NOT_YET: readonly (readonly [name: keyof Interface, words: string])[] = [
  ["bandwidth", "bandwidth"],
  ["filterref", "filter"],
  ["coalesce", "coalescing"],
  ["vlan", "VLAN"],
  ["port", "isolation"],
];

function changes(old: Interface, wanted: Interface, name: keyof Interface): boolean {
  return JSON.stringify(old[name] ?? null) !== JSON.stringify(wanted[name] ?? null);
}

type Connected = ReturnType<typeof connectedTo>;

function bridgeOf(source: Connected): string | undefined {
  return source.type === "bridge" || source.type === "network" ? source.bridge : undefined;
}

function withoutBridge(source: Connected): object {
  return source.type === "bridge" || source.type === "network" ? { type: source.type } : source;
}

function fixed(detail: string): Error {
  return qemuError("OPERATION_UNSUPPORTED", detail);
}
