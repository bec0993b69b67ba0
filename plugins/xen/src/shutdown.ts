import { shellWord } from "@polyvisor/sdk/process";
import type { XenDomain, XenHypervisor } from "./hypervisor.js";
import { SHUTDOWN_REASONS } from "./xl/table.js";

type Step = "destroy" | "restart" | "preserve";

/** Does what the domain's configuration says of its end. Runs in the domain's job. */
export async function afterShutdown(hypervisor: XenHypervisor, domain: XenDomain, reason: number): Promise<void> {
  const { onPoweroff, onReboot, onCrash } = domain.config();
  switch (reason) {
    case SHUTDOWN_REASONS.POWEROFF:
      return end(hypervisor, domain, "finish", stepOf(onPoweroff));
    case SHUTDOWN_REASONS.REBOOT:
      return end(hypervisor, domain, "finish", stepOf(onReboot));
    case SHUTDOWN_REASONS.CRASH:
    case SHUTDOWN_REASONS.WATCHDOG:
      if (onCrash?.startsWith("coredump") === true) await dumpCore(hypervisor, domain);
      return end(hypervisor, domain, "endAfterPanic", stepOf(onCrash));
    default:
      // It was suspended: whoever saves or migrates it knows.
      return;
  }
}

function stepOf(action: string | undefined): Step {
  if (action?.includes("restart") === true) return "restart";
  return action === "preserve" ? "preserve" : "destroy";
}

async function end(
  hypervisor: XenHypervisor,
  domain: XenDomain,
  ending: "finish" | "endAfterPanic",
  step: Step,
): Promise<void> {
  const { guests } = hypervisor;
  if (step === "destroy") return guests.stop(domain, ending);
  await guests.transition(domain, ending);
  if (step === "preserve") return;
  const config = domain.persistent ? domain.config(true) : domain.config();
  try {
    await domain.active().destroy();
    const guest = await hypervisor.start(config, { paused: false });
    await guests.begin(domain, config, { guest, how: ["boot"] });
  } catch (error) {
    hypervisor.log.error({ err: error, domain: domain.ref.name }, "a domain that ended could not be started anew");
    await guests.stop(domain, "refuseStart");
  }
}

/** Where it fails the domain's end goes on. */
async function dumpCore({ xl, settings, log }: XenHypervisor, { ref }: XenDomain): Promise<void> {
  const stamp = new Date().toISOString().replace(/[-:]/g, "").slice(0, 15);
  const path = `${settings.dump_dir}/${ref.name}-${stamp}`;
  const script = `mkdir -p ${shellWord(settings.dump_dir)} && ${xl.word} dump-core ${ref.id} ${shellWord(path)}`;
  await xl
    .script(script, `Failed to dump core of domain '${ref.id}' with libxenlight`)
    .catch((error: unknown) => log.error({ err: error, domain: ref.name }, "the core of a crashed domain is lost"));
}
