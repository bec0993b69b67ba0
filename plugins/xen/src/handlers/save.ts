import {
  type CallContext,
  type Domain,
  type DomainConfigHandlers,
  type DomainLifecycleHandlers,
  type DomainSaveHandlers,
  UNDEFINE_FLAG,
} from "@polyvisor/core";
import { formatDomain } from "@polyvisor/sdk/conf/domain";
import { shellWord } from "@polyvisor/sdk/process";
import { checkFlags, xenError } from "../errors.js";
import { type XenDomain, type XenHypervisor, xenDomain0 } from "../hypervisor.js";
import { managedPath, readDocument, readSaved, restoreFrom, rewriteSaved, saveTo } from "../saved.js";

const SAVE = { PAUSED: 4 } as const;
const DUMP = { CRASH: 1, LIVE: 2 } as const;
const RUNNING = 1;

type Saves = DomainSaveHandlers & DomainLifecycleHandlers & DomainConfigHandlers;

/** Saving domains to files in dom0, and bringing them back. */
export function saveHandlers(hypervisor: XenHypervisor): Saves {
  const { guests } = hypervisor;

  /** Others may look at the domain meanwhile, or destroy it. */
  const save = (dom: Domain, context: CallContext, managed: boolean, pathOf: (domain: XenDomain) => string) => {
    const domain = guests.domains.find(dom);
    const api = managed ? "domainManagedSave" : "domainSaveFlags";
    return domain.knownJobs.runAsync({ kind: "save", api, signal: context.signal }, async (job) => {
      const guest = domain.active();
      if (guest.id === 0) throw xenDomain0();
      if (managed && !domain.persistent)
        throw xenError("OPERATION_INVALID", "cannot do managed save for transient domain", "define it first");
      if (domain.status.state !== RUNNING) {
        const words = `Domain '${guest.id}' has to be running because libxenlight will suspend it`;
        throw xenError("OPERATION_INVALID", words, "resume it first");
      }
      guest.isLeaving = true;
      try {
        await saveTo(hypervisor, guest.id, domain.config(), pathOf(domain));
        if (managed) domain.hasManagedSave = true;
        await job.nested(api, () => (domain.run?.guest === guest ? guests.stop(domain, "save") : undefined));
      } finally {
        guest.isLeaving = false;
      }
    });
  };

  const restore = async (path: string, dxml: string | null, flags: number, context: CallContext): Promise<void> => {
    checkFlags(flags, SAVE.PAUSED, "libxlDomainRestoreFlags");
    const saved = await readSaved(hypervisor, path);
    const paused = (flags & SAVE.PAUSED) !== 0;
    if (saved === undefined) return restorePlain(path, paused);
    const config = readDocument(hypervisor, saved, dxml);
    const known = guests.domains.byUuid(config.uuid);
    const domain = known ?? guests.add(config);
    const job = { kind: "modify", api: "domainRestoreFlags", signal: context.signal } as const;
    try {
      const wish = { path, config, paused, changed: dxml !== null };
      await domain.knownJobs.run(job, () => restoreFrom(hypervisor, domain, wish));
    } catch (error) {
      if (known === undefined && !domain.isActive && !domain.persistent) guests.forget(domain);
      throw error;
    }
  };

  /** What xl alone has saved is known when it runs. */
  const restorePlain = async (path: string, paused: boolean): Promise<void> => {
    const before = new Set((await hypervisor.xl.list()).map(({ id }) => id));
    const rows = await hypervisor.xl.restore(path, undefined, { paused });
    await hypervisor.refresh();
    const row = rows.find(({ id }) => !before.has(id));
    const domain = row && guests.domains.byId(row.id);
    if (domain?.run !== undefined) domain.run.guest.ours = true;
  };

  const dumpCore = (dom: Domain, to: string, flags: number, context: CallContext): Promise<void> => {
    checkFlags(flags, DUMP.CRASH | DUMP.LIVE, "libxlDomainCoreDump");
    const domain = guests.domains.find(dom);
    return domain.knownJobs.run({ kind: "modify", api: "domainCoreDump", signal: context.signal }, async () => {
      const { id } = domain.active();
      if (id === 0) throw xenDomain0();
      const isHeld = (flags & DUMP.LIVE) === 0 && domain.status.state === RUNNING;
      const pause = isHeld ? `${hypervisor.xl.word} pause ${id} && ` : "";
      const goOn = isHeld && (flags & DUMP.CRASH) === 0 ? `; s=$?; ${hypervisor.xl.word} unpause ${id}; exit $s` : "";
      const script = `${pause}${hypervisor.xl.word} dump-core ${id} ${shellWord(to)} >&2${goOn}`;
      await hypervisor.xl.script(script, `Failed to dump core of domain '${id}' with libxenlight`);
      if ((flags & DUMP.CRASH) !== 0) await guests.stop(domain, "endAfterPanic");
    });
  };

  const removeManaged = async (domain: XenDomain): Promise<void> => {
    await hypervisor.xl.script(`rm -f ${shellWord(managedPath(hypervisor, domain))}`, "cannot remove managed save");
    domain.hasManagedSave = false;
  };

  const undefine = (dom: Domain, flags: number, context: CallContext): Promise<void> => {
    checkFlags(flags, UNDEFINE_FLAG.MANAGED_SAVE, "libxlDomainUndefineFlags");
    const domain = guests.domains.find(dom);
    return domain.knownJobs.run({ kind: "modify", api: "domainUndefineFlags", signal: context.signal }, async () => {
      if (!domain.persistent)
        throw xenError("OPERATION_INVALID", "cannot undefine transient domain", "it is gone once it stops");
      if (domain.hasManagedSave) {
        if ((flags & UNDEFINE_FLAG.MANAGED_SAVE) === 0)
          throw xenError(
            "OPERATION_INVALID",
            "Refusing to undefine while domain managed save image exists",
            "undefine it with --managed-save, or remove the save first",
          );
        await removeManaged(domain);
      }
      await guests.undefine(domain);
    });
  };

  return {
    domainSave: ({ dom, to }, context) => save(dom, context, false, () => to),
    domainSaveFlags({ dom, to, dxml, flags }, context) {
      checkFlags(flags, 0, "libxlDomainSaveFlags");
      if (dxml !== null)
        throw xenError("ARGUMENT_UNSUPPORTED", "xml modification unsupported", "change it when it is restored");
      return save(dom, context, false, () => to);
    },
    domainRestore: ({ from }, context) => restore(from, null, 0, context),
    domainRestoreFlags: ({ from, dxml, flags }, context) => restore(from, dxml, flags, context),
    async domainSaveImageGetXMLDesc({ file, flags }) {
      checkFlags(flags, 1, "libxlDomainSaveImageGetXMLDesc");
      const saved = await readSaved(hypervisor, file);
      if (saved === undefined)
        throw xenError("OPERATION_FAILED", "the file has no document: xl alone wrote it", "restore it as it is");
      return formatDomain(readDocument(hypervisor, saved, null), { inactive: true, secure: (flags & 1) !== 0 });
    },
    async domainSaveImageDefineXML({ file, dxml, flags }) {
      checkFlags(flags, 0, "libxlDomainSaveImageDefineXML");
      const saved = await readSaved(hypervisor, file);
      if (saved === undefined)
        throw xenError("OPERATION_FAILED", "the file has no document: xl alone wrote it", "restore it with --xml");
      await rewriteSaved(hypervisor, file, readDocument(hypervisor, saved, dxml));
    },
    domainCoreDump: ({ dom, to, flags }, context) => dumpCore(dom, to, flags, context),
    domainManagedSave({ dom, flags }, context) {
      checkFlags(flags, 0, "libxlDomainManagedSave");
      return save(dom, context, true, (domain) => managedPath(hypervisor, domain));
    },
    domainManagedSaveRemove({ dom, flags }, context) {
      checkFlags(flags, 0, "libxlDomainManagedSaveRemove");
      const domain = guests.domains.find(dom);
      const job = { kind: "modify", api: "domainManagedSaveRemove", signal: context.signal } as const;
      return domain.knownJobs.run(job, () => removeManaged(domain));
    },
    domainUndefine: ({ dom }, context) => undefine(dom, 0, context),
    domainUndefineFlags: ({ dom, flags }, context) => undefine(dom, flags, context),
  };
}
