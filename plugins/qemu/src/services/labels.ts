import { join } from "node:path";
import { type SecurityLabel, VirtError } from "@polyvisor/core";
import type { BackingStore, Disk, Domain as DomainConfig, Seclabel, StorageSource } from "@polyvisor/sdk/conf/domain";
import type { QemuDomain } from "../domain.js";
import type { Guest } from "../guest.js";
import type { Hypervisor } from "../hypervisor.js";
import { findMemoryPaths, memoryFolders } from "../start/memory-folders.js";
import type { SecurityClient } from "./services.js";

/** What a security driver gave to one run of a guest. */
export interface GuestLabel {
  /** The plugin that provides the driver. */
  readonly plugin: string;
  readonly model: string;
  readonly label: string;
  /** The guest's files bear the label, too. */
  readonly relabel: boolean;
}

interface Target {
  readonly path: string;
  readonly readOnly: boolean;
  readonly shared: boolean;
}

/**
 * Gets the labels of a guest that is about to start, one from each security driver: what its configuration wants, or new
 * ones. Each is the guest's as soon as it has been made.
 */
export async function makeLabels(hypervisor: Hypervisor, guest: Guest): Promise<void> {
  for (const { plugin, client } of await hypervisor.services.security()) {
    const { model } = await client.model({});
    const { uuid, name, seclabels } = guest.config;
    const wish = seclabels.find((each) => isOf(each, model));
    if (wish?.type === "none") continue;
    const wanted = (wish?.type === "static" ? wish.label : wish?.baselabel) ?? "";
    const label = await client.generateLabel({ uuid, name, wanted });
    const made = { plugin, model, label, relabel: (wish?.relabel ?? "yes") === "yes" };
    guest.labels = [...guest.labels, made];
    guest.config = withLabel(guest.config, wish, made);
  }
}

/** A running guest tells of its labels. */
function withLabel(config: DomainConfig, wish: Seclabel | undefined, made: GuestLabel): DomainConfig {
  const { model, label, relabel } = made;
  const shown: Seclabel = {
    ...wish,
    model,
    type: wish?.type ?? "dynamic",
    relabel: relabel ? "yes" : "no",
    label,
    ...(relabel ? { imagelabel: label } : {}),
  };
  return { ...config, seclabels: [...config.seclabels.filter((each) => each !== wish), shown] };
}

function isOf({ model }: Seclabel, wanted: string): boolean {
  return model === undefined || model === wanted;
}

/** Labels what the guest is about to open. Its own folders must be there by then. */
export async function setLabels(hypervisor: Hypervisor, domain: QemuDomain, guest: Guest): Promise<void> {
  if (!guest.labels.some(({ relabel }) => relabel)) return;
  const targets = await targetsOf(hypervisor, guest);
  for (const label of guest.labels.filter(({ relabel }) => relabel)) {
    const driver = await driverOf(hypervisor, label);
    await driver.setLabels({ guest: nameOf(domain, label), targets });
  }
}

/** The words before a guest's command line that make the emulator run under the guest's labels. */
export async function labelWords(hypervisor: Hypervisor, domain: QemuDomain, guest: Guest): Promise<readonly string[]> {
  const words: string[] = [];
  for (const label of guest.labels) {
    const driver = await driverOf(hypervisor, label);
    words.push(...(await driver.guestWrapper({ guest: nameOf(domain, label) })));
  }
  return words;
}

/**
 * Puts back what the guest's files were before, and gives its labels back; what is the guest's own goes with it. What fails
 * does not keep the others: the first failure is thrown in the end, and the next call tries again what has failed.
 */
export async function releaseLabels(hypervisor: Hypervisor, domain: QemuDomain, guest: Guest): Promise<void> {
  const failures: unknown[] = [];
  for (const label of [...guest.labels].reverse()) {
    try {
      await releaseLabel(hypervisor, domain, guest, label);
      guest.labels = guest.labels.filter((each) => each !== label);
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}

async function releaseLabel(
  hypervisor: Hypervisor,
  domain: QemuDomain,
  guest: Guest,
  label: GuestLabel,
): Promise<void> {
  const driver = await driverOf(hypervisor, label);
  const named = nameOf(domain, label);
  try {
    if (label.relabel) await driver.restoreLabels({ guest: named, targets: await targetsOf(hypervisor, guest) });
  } finally {
    await driver.releaseLabel({ guest: named });
  }
}

/** The models of the host's security drivers, the first of which is the one that clients see. One that fails is left out. */
export async function securityModels({ services, log }: Hypervisor): Promise<{ model: string; doi: string }[]> {
  const drivers = await services.security().catch((error: unknown) => {
    log.warn({ err: error }, "the security drivers cannot be used");
    return [];
  });
  const models = drivers.map(({ client, plugin }) =>
    client.model({}).catch((error: unknown) => {
      log.warn({ err: error, plugin }, "a security driver does not tell its model");
      return undefined;
    }),
  );
  return (await Promise.all(models)).filter((model) => model !== undefined);
}

/** The labels that a guest's process has, as each of its drivers reads them. */
export function processLabels(
  hypervisor: Hypervisor,
  labels: readonly GuestLabel[],
  pid: number,
): Promise<SecurityLabel[]> {
  return Promise.all(labels.map(async (label) => (await driverOf(hypervisor, label)).processLabel({ pid })));
}

async function driverOf({ services }: Hypervisor, { plugin }: GuestLabel): Promise<SecurityClient> {
  const found = (await services.security()).find((each) => each.plugin === plugin);
  if (found !== undefined) return found.client;
  throw new VirtError(
    "NO_SECURITY_MODEL",
    `the guest has a label of '${plugin}', which is no security driver of this host`,
  );
}

function nameOf({ uuid, name }: QemuDomain, { label, relabel }: GuestLabel) {
  return { uuid, name, label, relabel };
}

async function targetsOf(hypervisor: Hypervisor, guest: Guest): Promise<Target[]> {
  return [...(await ownFolders(hypervisor, guest)), ...filesOf(guest.config)];
}

/** What was made for this run of the guest, and goes with it. */
async function ownFolders({ layout }: Hypervisor, { config, id, folder, channelFolder }: Guest): Promise<Target[]> {
  const memory = memoryFolders(config, await findMemoryPaths(layout, id, config.name));
  return [folder, join(folder, "master-key.aes"), channelFolder, ...memory].map((path) => ({
    path,
    readOnly: false,
    shared: false,
  }));
}

/** What the guest finds: its images with all below them, what it boots from, its firmware's variables. */
function filesOf({ os, devices }: DomainConfig): Target[] {
  const boot = [os.kernel, os.initrd, os.dtb, os.acpiSlic, os.loader?.path].flatMap((path) => path ?? []);
  return [
    ...devices.disks.flatMap(imagesOf),
    ...boot.map((path) => ({ path, readOnly: true, shared: true })),
    ...pathOf(os.nvram?.source).map((path) => ({ path, readOnly: false, shared: false })),
  ];
}

function imagesOf({ source, backingStore, readonly = false, shareable = false, device }: Disk): Target[] {
  const readOnly = readonly || device === "cdrom";
  return [
    ...pathOf(source).map((path) => ({ path, readOnly, shared: shareable || readOnly })),
    ...below(backingStore).map((path) => ({ path, readOnly: true, shared: true })),
  ];
}

function below(store: BackingStore | undefined): string[] {
  return store === undefined || store.kind === "end" ? [] : [...pathOf(store.source), ...below(store.backingStore)];
}

/** A file that a client has opened for the guest is the client's affair. */
function pathOf(source: StorageSource | undefined): string[] {
  if (source?.type === "block") return source.path === undefined ? [] : [source.path];
  return source?.type !== "file" || source.path === undefined || source.fdgroup !== undefined ? [] : [source.path];
}
