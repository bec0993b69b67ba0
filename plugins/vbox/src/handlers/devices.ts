import { AFFECT, type CallContext, type Domain, type DomainDevicesHandlers } from "@polyvisor/core";
import {
  type Domain as Config,
  type Device,
  type Disk,
  type Filesystem,
  type Interface,
  parseDevice,
} from "@polyvisor/sdk/conf/domain";
import { targetsOf } from "@polyvisor/sdk/lifecycle";
import { checkFlags, vboxError } from "../errors.js";
import { oneCardWords } from "../machine/cards.js";
import { VBOX_HOOKS } from "../machine/domain.js";
import type { Machines } from "../machine/machines.js";
import { folderWords } from "../machine/ports.js";
import { diskWords, placeOf, placeWords } from "../machine/storage.js";
import { natNetworkNames } from "./networks.js";
import { documentOf } from "./queries.js";

type Change = (args: { dom: Domain; xml: string; flags: number }, context: CallContext) => Promise<void>;

/** A device and the machine that it is for: `isLive` where it is to go with this run. */
interface Wish<D extends Device = Device> {
  readonly dom: Domain;
  readonly device: D;
  readonly config: Config;
  readonly isLive: boolean;
}

/** Plugging in, taking out and changing. VirtualBox knows which of it a running machine can bear, and says so. */
export function deviceHandlers(machines: Machines): DomainDevicesHandlers {
  const change =
    (api: string, work: (wish: Wish) => Promise<void>): Change =>
    ({ dom, xml, flags }, context) =>
      machines.change(dom, { api, context }, async () => {
        checkFlags(flags, AFFECT.LIVE | AFFECT.CONFIG, `vbox${api}`);
        const config = await documentOf(machines, dom);
        const runs = config.id !== undefined;
        targetsOf({ isActive: runs, persistent: true }, flags);
        const isLive = runs && (flags & AFFECT.CONFIG) === 0;
        await work({ dom, device: parseDevice(xml, config, { hooks: VBOX_HOOKS }), config, isLive });
      });

  const attach = change("DomainAttachDeviceFlags", async (wish) => {
    const { device } = wish;
    if (device.kind === "filesystem") return addFolder(machines, { ...wish, device });
    if (device.kind === "disk") return plugIn(machines, { ...wish, device });
    if (device.kind === "interface") return addCard(machines, { ...wish, device });
    throw unsupported(device);
  });
  const detach = change("DomainDetachDeviceFlags", async (wish) => {
    const { device } = wish;
    if (device.kind === "filesystem") return removeFolder(machines, { ...wish, device });
    if (device.kind === "disk") return takeOut(machines, { ...wish, device });
    if (device.kind === "interface") return removeCard(machines, { ...wish, device });
    throw unsupported(device);
  });
  const update = change("DomainUpdateDeviceFlags", async (wish) => {
    const { device } = wish;
    if (device.kind !== "disk" || device.device === "disk") throw unsupported(device);
    return plugIn(machines, { ...wish, device });
  });

  return {
    domainAttachDevice: (args, context) => attach({ ...args, flags: 0 }, context),
    domainAttachDeviceFlags: attach,
    domainDetachDevice: (args, context) => detach({ ...args, flags: 0 }, context),
    domainDetachDeviceFlags: detach,
    domainUpdateDeviceFlags: update,
  };
}

function unsupported({ kind }: Device) {
  return vboxError("ARGUMENT_UNSUPPORTED", `Unsupported device type ${kind}`, {
    hint: "disks, network cards and shared folders can be plugged in, and media of drives changed",
  });
}

async function plugIn({ manage }: Machines, { dom, device, config }: Wish<Disk>): Promise<void> {
  await manage.run("storageattach", dom.uuid, ...diskWords(device, config));
}

async function takeOut({ manage }: Machines, { dom, device, config }: Wish<Disk>): Promise<void> {
  const { dev } = device.target;
  const disk = config.devices.disks.find(({ target }) => target.dev === dev);
  if (disk === undefined) throw vboxError("DEVICE_MISSING", `no target device ${dev}`, { hint: "virsh domblklist" });
  await manage.run("storageattach", dom.uuid, ...placeWords(placeOf(disk, config)), "--medium", "none");
}

async function addFolder({ manage }: Machines, { dom, device, isLive }: Wish<Filesystem>): Promise<void> {
  for (const words of folderWords([device]))
    await manage.run("sharedfolder", "add", dom.uuid, ...words, ...(isLive ? ["--transient"] : []));
}

async function removeFolder({ manage }: Machines, { dom, device, isLive }: Wish<Filesystem>): Promise<void> {
  const name = device.target ?? "";
  await manage.run("sharedfolder", "remove", dom.uuid, "--name", name, ...(isLive ? ["--transient"] : []));
}

/** A card takes the first free place. */
async function addCard(machines: Machines, { dom, device }: Wish<Interface>): Promise<void> {
  const { manage } = machines;
  const free = [...(await machines.info(dom)).numbered("nic", 1)].find(({ value }) => value === "none");
  if (free === undefined) throw vboxError("OPERATION_FAILED", "no place for another network card is left");
  await manage.run("modifyvm", dom.uuid, ...oneCardWords(device, free.number, await natNetworkNames(manage)));
}

async function removeCard(machines: Machines, { dom, device }: Wish<Interface>): Promise<void> {
  const mac = device.mac?.address?.replaceAll(":", "").toLowerCase();
  const cards = [...(await machines.info(dom)).numbered("macaddress", 1)];
  const place = cards.find(({ value }) => value.toLowerCase() === mac);
  if (place === undefined)
    throw vboxError("DEVICE_MISSING", `no device matching MAC address ${device.mac?.address} found`, {
      hint: "virsh domiflist",
    });
  await machines.manage.run("modifyvm", dom.uuid, `--nic${place.number}`, "none");
}
