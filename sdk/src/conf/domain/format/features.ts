import { attr, type XmlWriter } from "../../../xml/index.js";
import type { Features, HypervFeatures, KvmFeatures, OnOff } from "../model/index.js";
import { PROCESS_CAPABILITIES } from "../parse/features.js";
import { prettySize } from "./context.js";

/** Features in the order of libvirt's list. */
export function formatFeatures(w: XmlWriter, features: Features): void {
  const flag = (name: string, value: boolean | undefined): void => {
    if (value === true) w.empty(name);
  };
  const state = (name: string, value: OnOff | undefined): void => {
    if (value !== undefined) w.empty(name, attr("state", value));
  };
  const value = (name: string, attributeName: string, text: string | undefined): void => {
    if (text !== undefined) w.empty(name, attr(attributeName, text));
  };
  w.element("features", "", () => {
    flag("acpi", features.acpi);
    if (features.apic !== undefined) w.empty("apic", attr("eoi", features.apic.eoi));
    flag("pae", features.pae);
    state("hap", features.hap);
    flag("viridian", features.viridian);
    flag("privnet", features.privnet);
    if (features.hyperv !== undefined) formatHyperv(w, features.hyperv);
    if (features.kvm !== undefined) formatKvm(w, features.kvm);
    state("pvspinlock", features.pvspinlock);
    formatCapabilities(w, features.capabilities);
    state("pmu", features.pmu);
    state("vmport", features.vmport);
    if (features.gic !== undefined) w.empty("gic", attr("version", features.gic.version));
    formatSmm(w, features.smm);
    value("ioapic", "driver", features.ioapic);
    const { hpt } = features;
    if (hpt !== undefined) {
      w.element("hpt", attr("resizing", hpt.resizing), () => {
        if (hpt.maxpagesize) w.leaf("maxpagesize", hpt.maxpagesize, attr("unit", "KiB"));
      });
    }
    state("vmcoreinfo", features.vmcoreinfo);
    state("htm", features.htm);
    state("nested-hv", features.nestedHv);
    value("msrs", "unknown", features.msrs?.unknown);
    state("ccf-assist", features.ccfAssist);
    formatXen(w, features.xen);
    value("cfpc", "value", features.cfpc);
    value("sbbc", "value", features.sbbc);
    value("ibs", "value", features.ibs);
    const { tcg } = features;
    if (tcg !== undefined) w.block("tcg", "", () => w.leaf("tb-cache", tcg.tbCache, attr("unit", "KiB")));
  });
}

function formatSmm(w: XmlWriter, smm: Features["smm"]): void {
  if (smm === undefined) return;
  w.element("smm", attr("state", smm.state), () => {
    if (smm.state !== "on" || smm.tseg === undefined) return;
    const { size, unit } = prettySize(smm.tseg);
    w.leaf("tseg", size, attr("unit", unit));
  });
}

function formatHyperv(w: XmlWriter, hyperv: HypervFeatures): void {
  const { switches, spinlocks, stimer, vendorId } = hyperv;
  w.block("hyperv", attr("mode", hyperv.mode), () => {
    const plain = (name: keyof typeof switches): void => {
      const state = switches[name];
      if (state !== undefined) w.empty(name, attr("state", state));
    };
    plain("relaxed");
    plain("vapic");
    if (spinlocks !== undefined)
      w.empty("spinlocks", attr("state", spinlocks.state) + attr("retries", spinlocks.retries));
    plain("vpindex");
    plain("runtime");
    plain("synic");
    if (stimer !== undefined) {
      w.element("stimer", attr("state", stimer.state), () => {
        if (stimer.direct === "on") w.empty("direct", attr("state", "on"));
      });
    }
    plain("reset");
    if (vendorId !== undefined) w.empty("vendor_id", attr("state", vendorId.state) + attr("value", vendorId.value));
    plain("frequencies");
    plain("reenlightenment");
    plain("tlbflush");
    plain("ipi");
    plain("evmcs");
    plain("avic");
  });
}

function formatKvm(w: XmlWriter, kvm: KvmFeatures): void {
  w.block("kvm", "", () => {
    const state = (name: string, value: OnOff | undefined): void => {
      if (value !== undefined) w.empty(name, attr("state", value));
    };
    state("hidden", kvm.hidden);
    state("hint-dedicated", kvm.hintDedicated);
    state("poll-control", kvm.pollControl);
    state("pv-ipi", kvm.pvIpi);
    if (kvm.dirtyRing !== undefined)
      w.empty("dirty-ring", attr("state", kvm.dirtyRing.state) + attr("size", kvm.dirtyRing.size));
  });
}

function formatXen(w: XmlWriter, xen: Features["xen"]): void {
  if (xen === undefined) return;
  w.block("xen", "", () => {
    if (xen.e820Host !== undefined) w.empty("e820_host", attr("state", xen.e820Host));
    if (xen.passthrough !== undefined) {
      w.empty("passthrough", attr("state", xen.passthrough.state) + attr("mode", xen.passthrough.mode));
    }
  });
}

function formatCapabilities(w: XmlWriter, capabilities: Features["capabilities"]): void {
  if (capabilities === undefined) return;
  const states = PROCESS_CAPABILITIES.filter((name) => capabilities.states[name] !== undefined);
  if (capabilities.policy === "default" && states.length === 0) return;
  w.element("capabilities", attr("policy", capabilities.policy), () => {
    for (const name of states) w.empty(name, attr("state", capabilities.states[name]));
  });
}
