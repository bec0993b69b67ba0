import { prettySize } from "../format/context.js";
import type { Domain, Features, OnOff } from "../model/index.js";
import { type AbiRule, type AbiValue, checkRules, rule } from "./rule.js";

/** Here libvirt names the source first. */
function state<T>(words: string, value: (of: T) => AbiValue, absent = "default"): AbiRule<T> {
  return { ...rule(words, value, absent), sourceFirst: true };
}

const feature = (name: string, value: (of: Features) => AbiValue): AbiRule<Features> =>
  state(`State of feature '${name}' differs: source: '%s', destination: '%s'`, value);

const on = (present: unknown): OnOff | undefined => (present === undefined || present === false ? undefined : "on");

/** What libvirt prints where one of the details differs as well as where the feature itself does. */
const detailed = (present: unknown, details: string): string => `${on(present) ?? "default"},${details}`;

/** In the order in which libvirt looks at them. */
const FEATURES: readonly AbiRule<Features>[] = [
  feature("acpi", ({ acpi }) => on(acpi)),
  feature("apic", ({ apic }) => detailed(apic, `eoi=${apic?.eoi ?? "default"}`)),
  feature("pae", ({ pae }) => on(pae)),
  feature("hap", ({ hap }) => hap),
  feature("viridian", ({ viridian }) => on(viridian)),
  feature("privnet", ({ privnet }) => on(privnet)),
  // libvirt prints a mode as if it were a switch
  feature("hyperv", ({ hyperv }) => hyperv && (hyperv.mode === "custom" ? "on" : "off")),
  feature("kvm", ({ kvm }) => on(kvm)),
  feature("pvspinlock", ({ pvspinlock }) => pvspinlock),
  feature("capabilities", ({ capabilities }) => `policy=${capabilities?.policy ?? "default"}`),
  feature("pmu", ({ pmu }) => pmu),
  feature("vmport", ({ vmport }) => vmport),
  feature("gic", ({ gic }) => detailed(gic, `version=${gic?.version ?? "none"}`)),
  feature("smm", ({ smm }) => smm?.state),
  feature("ioapic", ({ ioapic }) => `driver=${ioapic ?? "none"}`),
  feature("hpt", ({ hpt }) =>
    detailed(hpt, `resizing=${hpt?.resizing ?? "none"},maxpagesize=${hpt?.maxpagesize ?? 0}`),
  ),
  feature("vmcoreinfo", ({ vmcoreinfo }) => vmcoreinfo),
  feature("htm", ({ htm }) => htm),
  feature("nested-hv", ({ nestedHv }) => nestedHv),
  feature("ccf-assist", ({ ccfAssist }) => ccfAssist),
  feature("xen", ({ xen }) => on(xen)),
  feature("cfpc", ({ cfpc }) => `value=${cfpc ?? "none"}`),
  feature("sbbc", ({ sbbc }) => `value=${sbbc ?? "none"}`),
  feature("ibs", ({ ibs }) => `value=${ibs ?? "none"}`),
];

type Hyperv = NonNullable<Features["hyperv"]>;

const enlightenment = (name: string, value: (of: Hyperv) => AbiValue): AbiRule<Hyperv> =>
  state(`State of HyperV enlightenment feature '${name}' differs: source: '%s', destination: '%s'`, value);

const enlightened = (name: keyof Hyperv["switches"]): AbiRule<Hyperv> =>
  enlightenment(name, ({ switches }) => switches[name]);

const HYPERV: readonly AbiRule<Hyperv>[] = [
  enlightened("relaxed"),
  enlightened("vapic"),
  state(
    "HyperV spinlock retry count differs: source: '%s', destination: '%s'",
    ({ spinlocks }) => spinlocks?.retries ?? 0,
  ),
  enlightened("vpindex"),
  enlightened("runtime"),
  enlightened("synic"),
  enlightenment("stimer", ({ stimer }) => stimer?.state),
  enlightened("reset"),
  state("HyperV vendor_id differs: source: '%s', destination: '%s'", ({ vendorId }) => vendorId?.value, "(null)"),
  enlightened("frequencies"),
  enlightened("reenlightenment"),
  enlightened("tlbflush"),
  enlightened("ipi"),
  enlightened("evmcs"),
  enlightened("avic"),
  state("State of HyperV stimer direct feature differs: source: '%s', destination: '%s'", ({ stimer }) =>
    stimer?.state === "on" ? stimer.direct : undefined,
  ),
];

type Xen = NonNullable<Features["xen"]>;

const XEN: readonly AbiRule<Xen>[] = [
  state("State of Xen feature 'e820_host' differs: source: '%s', destination: '%s'", ({ e820Host }) => e820Host),
  state(
    "State of Xen feature 'passthrough' differs: source: '%s', destination: '%s'",
    ({ passthrough }) => passthrough?.state,
  ),
  state(
    "'mode' of Xen passthrough feature differs: source: '%s', destination: '%s'",
    ({ passthrough }) => passthrough?.mode,
  ),
];

type Kvm = NonNullable<Features["kvm"]>;

const kvm = (name: string, value: (of: Kvm) => AbiValue): AbiRule<Kvm> =>
  state(`State of KVM feature '${name}' differs: source: '%s', destination: '%s'`, value);

const KVM: readonly AbiRule<Kvm>[] = [
  kvm("hidden", ({ hidden }) => hidden),
  kvm("hint-dedicated", ({ hintDedicated }) => hintDedicated),
  kvm("poll-control", ({ pollControl }) => pollControl),
  kvm("pv-ipi", ({ pvIpi }) => pvIpi),
  kvm("dirty-ring", ({ dirtyRing }) => dirtyRing?.state),
  state(
    "dirty ring size of KVM feature 'dirty-ring' differs: source: '%s', destination: '%s'",
    ({ dirtyRing }) => dirtyRing?.size ?? 0,
  ),
];

type Smm = NonNullable<Features["smm"]>;

const SMM: readonly AbiRule<Smm>[] = [
  state("SMM TSEG differs: source: %s, destination: '%s'", ({ tseg }) =>
    tseg === undefined ? "not specified" : "specified",
  ),
  state("Size of SMM TSEG size differs: source: '%s', destination: '%s'", ({ tseg }) => {
    const { size, unit } = prettySize(tseg ?? 0);
    return `${size} ${unit}`;
  }),
];

export function checkFeaturesAbi(source: Domain, target: Domain): void {
  const was = source.features;
  const becomes = target.features;
  checkRules(FEATURES, was, becomes);
  if (was.hyperv !== undefined && becomes.hyperv !== undefined) checkRules(HYPERV, was.hyperv, becomes.hyperv);
  if (was.xen !== undefined && becomes.xen !== undefined) checkRules(XEN, was.xen, becomes.xen);
  if (was.kvm !== undefined && becomes.kvm !== undefined) checkRules(KVM, was.kvm, becomes.kvm);
  if (was.smm?.state === "on" && becomes.smm !== undefined) checkRules(SMM, was.smm, becomes.smm);
}
