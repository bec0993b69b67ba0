import { VirtError } from "@polyvisor/core";
import { type Domain as Config, formatDomain, parseDomain } from "@polyvisor/sdk/conf/domain";
import { shellWord } from "@polyvisor/sdk/process";
import { xenError } from "./errors.js";
import type { XenDomain, XenHypervisor } from "./hypervisor.js";

/**
 * A saved domain is a file as `xl save` writes it, which `xl restore` reads, with two lines at its end: the domain's document
 * in base 64, and this mark.
 */
const MARK = "polyvisor domain xml";

/** Writes what runs of a domain to a file in dom0; the domain is gone then. Where it fails the domain runs on. */
export async function saveTo({ xl }: XenHypervisor, id: number, config: Config, path: string): Promise<void> {
  const [file, part] = [shellWord(path), shellWord(`${path}.part`)];
  const save = `${xl.word} save ${id} ${part} </dev/null >&2 && cat >>${part} && mv -f ${part} ${file}`;
  const script = `mkdir -p "$(dirname ${file})"; { ${save}; } || { s=$?; rm -f ${part}; exit $s; }`;
  const failure = `Failed to save domain '${id}' with libxenlight`;
  await xl.script(script, failure, { input: `\n${trailer(config)}` });
}

function trailer(config: Config): string {
  return `${Buffer.from(formatDomain(config, { secure: true })).toString("base64")}\n${MARK}\n`;
}

/** The document of a saved domain; `undefined` where xl alone has written the file. Fails where it is no such file. */
export async function readSaved({ xl }: XenHypervisor, path: string): Promise<string | undefined> {
  const file = shellWord(path);
  const check = `test -r ${file} || { echo 'cannot open it' >&2; exit 1; }`;
  const script = `${check}; head -c 16 -- ${file} | tr -c 'a-zA-Z ' . && echo && tail -n 2 -- ${file} | tail -c 4194304`;
  const output = await xl.script(script, `cannot read domain image '${path}'`);
  const [head = "", document = "", mark] = output.split("\n");
  if (head.startsWith("libvirt"))
    throw new VirtError("OPERATION_FAILED", "the file was saved by libvirt, in a form of its own", {
      domain: "LIBXL",
      hint: "restore it with libvirtd, and save it anew",
    });
  if (!head.startsWith("Xen saved domain"))
    throw new VirtError("OPERATION_FAILED", "image magic is incorrect", {
      domain: "LIBXL",
      hint: "name a file that `virsh save` or `xl save` wrote",
    });
  return mark === MARK ? Buffer.from(document, "base64").toString() : undefined;
}

/** Another document for a saved domain. */
export async function rewriteSaved({ xl }: XenHypervisor, path: string, config: Config): Promise<void> {
  const file = shellWord(path);
  const script = `n=$(tail -n 2 -- ${file} | wc -c) && truncate -s "-$n" -- ${file} && cat >>${file}`;
  await xl.script(script, `cannot write domain image '${path}'`, { input: trailer(config) });
}

/** A document that comes with a saved domain, or takes its place: it must be of the same domain. */
export function readDocument(hypervisor: XenHypervisor, saved: string, wanted: string | null): Config {
  const config = readOne(hypervisor, saved);
  if (wanted === null) return config;
  const other = hypervisor.guests.read(wanted);
  if (other.uuid === config.uuid && other.name === config.name) return other;
  throw xenError(
    "CONFIG_UNSUPPORTED",
    `the document is of domain '${other.name}', what was saved is '${config.name}'`,
    "change the document that `save-image-dumpxml` shows",
  );
}

function readOne({ documents }: XenHypervisor, xml: string): Config {
  return parseDomain(xml, { hooks: documents, inactive: false });
}

/** Where a domain's managed save lies in dom0. */
export function managedPath({ settings }: XenHypervisor, { ref }: XenDomain): string {
  return `${settings.save_dir}/${ref.name}.save`;
}

/** Those domains are marked that have a managed save. */
export async function findManaged(hypervisor: XenHypervisor): Promise<void> {
  const folder = shellWord(hypervisor.settings.save_dir);
  const names = await hypervisor.xl.script(`ls -1 ${folder} 2>/dev/null || true`, "cannot look for managed saves");
  const saved = new Set(names.split("\n"));
  for (const domain of hypervisor.guests.domains) domain.hasManagedSave = saved.has(`${domain.ref.name}.save`);
}

/** Takes the place of a start. Must run in the domain's job; fails as `xl restore` does, and the file stays. */
export async function restoreFrom(
  hypervisor: XenHypervisor,
  domain: XenDomain,
  { path, config, paused, changed }: RestoreWish,
): Promise<void> {
  if (domain.isActive)
    throw xenError("OPERATION_INVALID", `domain is already active as '${domain.ref.name}'`, "stop it first");
  const { toXlCreate } = await import("./native/index.js");
  const rows = await hypervisor.xl.restore(path, changed ? toXlCreate(config, {}) : undefined, { paused });
  const guest = await hypervisor.guestAmong(rows, config);
  await hypervisor.guests.begin(domain, config, { guest, how: paused ? ["restore", "suspend"] : ["restore"] });
}

export interface RestoreWish {
  readonly path: string;
  readonly config: Config;
  readonly paused: boolean;
  /** The configuration is another than the one that was saved. */
  readonly changed: boolean;
}
