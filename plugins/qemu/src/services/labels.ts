import { type GuestUser, type SecurityLabel, type SecurityTarget, VirtError } from "@polyvisor/core";
import type { Device, Domain as DomainConfig, Seclabel } from "@polyvisor/sdk/conf/domain";
import type { QemuDomain } from "../domain.js";
import type { Guest } from "../guest.js";
import type { Hypervisor } from "../hypervisor.js";
import { deviceTargetsOf, guestTargetsOf } from "./label-targets.js";
import type { SecurityClient } from "./services.js";

/** What a security driver gave to one run of a guest. */
export interface GuestLabel {
  /** The plugin that provides the driver. */
  readonly plugin: string;
  readonly model: string;
  readonly label: string;
  /** What the guest's files bear. */
  readonly imageLabel: string;
  /** The guest's files bear the label, too. */
  readonly relabel: boolean;
}

/** That of a guest which wants none: a driver may still say whom it runs as. */
const NO_LABEL = { label: "", imageLabel: "", relabel: false } as const;

/**
 * Gets the labels of a guest that is about to start, one from each security driver: what its configuration wants, or new
 * ones. Each is the guest's as soon as it has been made.
 */
export async function makeLabels(hypervisor: Hypervisor, guest: Guest): Promise<void> {
  const drivers = await hypervisor.services.security();
  for (const [at, { plugin, client }] of drivers.entries()) {
    const { model } = await client.model({});
    const { uuid, name, type, seclabels } = guest.config;
    const wish = seclabels.find((each) => each.model === model || (each.model === undefined && at === 0));
    if (wish?.type === "none") {
      const made = { plugin, model, ...NO_LABEL };
      const user = await unlessLacking(client.processIdentity({ guest: { uuid, name, ...NO_LABEL } }), null);
      if (user !== null) guest.labels = [...guest.labels, made];
      continue;
    }
    const fixed = wish?.type === "static";
    const wanted = (fixed ? wish.label : wish?.baselabel) ?? "";
    if (fixed && wanted === "") throw missingLabel(name);
    const labels = await client.generateLabel({ uuid, name, domainType: type, wanted, fixed });
    const made = { plugin, model, ...labels, relabel: (wish?.relabel ?? "yes") === "yes" };
    guest.labels = [...guest.labels, made];
    guest.config = withLabel(guest.config, wish, made);
  }
}

function missingLabel(name: string): VirtError {
  return new VirtError("INTERNAL_ERROR", `missing label for static security driver in domain ${name}`, {
    domain: "SECURITY",
    hint: "write <label> into its <seclabel type='static'>",
  });
}

/** A running guest tells of its labels. */
function withLabel(config: DomainConfig, wish: Seclabel | undefined, made: GuestLabel): DomainConfig {
  const { model, label, imageLabel, relabel } = made;
  const shown: Seclabel = {
    ...wish,
    model,
    type: wish?.type ?? "dynamic",
    relabel: relabel ? "yes" : "no",
    label,
    ...(relabel ? { imagelabel: imageLabel } : {}),
  };
  const { seclabels } = config;
  return {
    ...config,
    seclabels: wish === undefined ? [...seclabels, shown] : seclabels.map((each) => (each === wish ? shown : each)),
  };
}

/** Whom the guest runs as; `undefined` where no driver says, and it runs as we do. */
export async function guestUser(
  hypervisor: Hypervisor,
  domain: QemuDomain,
  guest: Guest,
): Promise<GuestUser | undefined> {
  for (const label of guest.labels) {
    const driver = await driverOf(hypervisor, label);
    const user = await unlessLacking(driver.processIdentity({ guest: nameOf(domain, label) }), null);
    if (user !== null) return user;
  }
  return undefined;
}

/** Whom a guest will run as that wants these labels; one that wants none is whom guests usually are. */
export async function expectedUser(
  { services }: Hypervisor,
  seclabels: readonly Seclabel[] = [],
): Promise<GuestUser | undefined> {
  for (const { client } of await services.security()) {
    const { model } = await client.model({});
    const label = seclabels.find((each) => each.model === model && each.type === "static")?.label ?? "";
    const guest = { uuid: NO_UUID, name: "", ...NO_LABEL, label };
    const user = await unlessLacking(client.processIdentity({ guest }), null);
    if (user !== null) return user;
  }
  return undefined;
}

const NO_UUID = "00000000-0000-0000-0000-000000000000";

/** The words before a guest's command line that make the emulator run under the guest's labels. */
export async function labelWords(
  hypervisor: Hypervisor,
  domain: QemuDomain,
  guest: Guest,
): Promise<{ readonly argv: readonly string[]; readonly newPrivileges: boolean }> {
  const argv: string[] = [];
  let newPrivileges = false;
  for (const label of guest.labels) {
    const driver = await driverOf(hypervisor, label);
    const none = { argv: [], newPrivileges: false };
    const words = await unlessLacking(driver.guestWrapper({ guest: nameOf(domain, label) }), none);
    argv.push(...words.argv);
    newPrivileges ||= words.newPrivileges;
  }
  return { argv, newPrivileges };
}

/** What sockets bear that are made for the guest; empty where nothing. */
export interface SocketLabels {
  readonly listening: string;
  readonly connecting: string;
}

/** As the first driver says that has a word on it. */
export async function socketLabels(hypervisor: Hypervisor, domain: QemuDomain, guest: Guest): Promise<SocketLabels> {
  const none = { listening: "", connecting: "" };
  for (const label of guest.labels) {
    const driver = await driverOf(hypervisor, label);
    const labels = await unlessLacking(driver.socketLabels({ guest: nameOf(domain, label) }), none);
    if (labels.listening !== "" || labels.connecting !== "") return labels;
  }
  return none;
}

/** Labels what the guest is about to open. Its own folders must be there by then. */
export function setLabels(hypervisor: Hypervisor, domain: QemuDomain, guest: Guest): Promise<void> {
  return setAll(hypervisor, domain, guest.labels, (label) => startTargets(hypervisor, domain, guest, label));
}

/** Of a guest whose files are not to be labelled only what we make for it is. */
async function startTargets(
  hypervisor: Hypervisor,
  domain: QemuDomain,
  guest: Guest,
  { model, relabel }: GuestLabel,
): Promise<readonly SecurityTarget[]> {
  const targets = await guestTargetsOf(hypervisor, domain, guest, model);
  return relabel ? targets : targets.filter(({ own }) => own);
}

/** Labels what a device will open that the guest is about to get: all of it or nothing. */
export function labelDevice(hypervisor: Hypervisor, domain: QemuDomain, guest: Guest, device: Device): Promise<void> {
  return setAll(hypervisor, domain, relabelled(guest), (label) =>
    deviceTargetsOf(hypervisor, domain, device, label.model),
  );
}

/** Puts back what a device has opened that the guest no longer has. What its other devices still need stays. */
export async function unlabelDevice(
  hypervisor: Hypervisor,
  domain: QemuDomain,
  guest: Guest,
  device: Device,
): Promise<void> {
  const failures: unknown[] = [];
  for (const label of relabelled(guest).reverse()) {
    try {
      const needed = await guestTargetsOf(hypervisor, domain, guest, label.model);
      const paths = new Set(needed.map(({ path }) => path));
      const targets = (await deviceTargetsOf(hypervisor, domain, device, label.model)).filter(
        ({ path }) => !paths.has(path),
      );
      await restoreOne(hypervisor, domain, label, targets);
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}

/** One driver after the other, and back again where one fails. */
async function setAll(
  hypervisor: Hypervisor,
  domain: QemuDomain,
  labels: readonly GuestLabel[],
  targetsFor: (label: GuestLabel) => Promise<readonly SecurityTarget[]>,
): Promise<void> {
  const done: GuestLabel[] = [];
  for (const label of labels) {
    const targets = await targetsFor(label);
    if (targets.length === 0) continue;
    try {
      const driver = await driverOf(hypervisor, label);
      await driver.setLabels({ guest: nameOf(domain, label), targets });
      done.push(label);
    } catch (error) {
      for (const each of done.reverse()) await undo(hypervisor, domain, each, await targetsFor(each));
      throw error;
    }
  }
}

async function undo(
  hypervisor: Hypervisor,
  domain: QemuDomain,
  label: GuestLabel,
  targets: readonly SecurityTarget[],
): Promise<void> {
  await restoreOne(hypervisor, domain, label, targets).catch((error: unknown) => {
    hypervisor.log.error({ err: error, domain: domain.name }, `labels of ${label.plugin} cannot be put back`);
  });
}

async function restoreOne(
  hypervisor: Hypervisor,
  domain: QemuDomain,
  label: GuestLabel,
  targets: readonly SecurityTarget[],
): Promise<void> {
  if (targets.length === 0) return;
  const driver = await driverOf(hypervisor, label);
  await driver.restoreLabels({ guest: nameOf(domain, label), targets });
}

function relabelled(guest: Guest): GuestLabel[] {
  return guest.labels.filter(({ relabel }) => relabel);
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
    await driver.restoreLabels({ guest: named, targets: await startTargets(hypervisor, domain, guest, label) });
  } finally {
    await driver.releaseLabel({ guest: named });
  }
}

/** Tells each driver of a guest that ran before we did. */
export async function reserveLabels(hypervisor: Hypervisor, domain: QemuDomain, guest: Guest): Promise<void> {
  const pid = guest.process?.pid;
  if (pid === undefined) return;
  for (const label of guest.labels) {
    const driver = await driverOf(hypervisor, label);
    await unlessLacking(driver.reserveLabel({ guest: nameOf(domain, label), pid }), undefined);
  }
}

export interface SecurityModel {
  readonly model: string;
  readonly doi: string;
  readonly baseLabels: readonly { readonly type: string; readonly label: string }[];
}

/** The models of the host's security drivers, the first of which is the one that clients see. One that fails is left out. */
export async function securityModels({ services, log }: Hypervisor): Promise<SecurityModel[]> {
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

function nameOf({ uuid, name }: QemuDomain, { label, imageLabel, relabel }: GuestLabel) {
  return { uuid, name, label, imageLabel, relabel };
}

async function unlessLacking<T>(answer: Promise<T>, otherwise: T): Promise<T> {
  return answer.catch((error: unknown) => {
    if (error instanceof VirtError && error.code === "NO_SUPPORT") return otherwise;
    throw error;
  });
}
