/** CPU features that libvirt and Xen call differently: libvirt's name, Xen's. */
const NAMES: readonly (readonly [string, string])[] = [
  ["cx16", "cmpxchg16"],
  ["cid", "cntxid"],
  ["ds_cpl", "dscpl"],
  ["pclmuldq", "pclmulqdq"],
  ["pni", "sse3"],
  ["ht", "htt"],
  ["pn", "psn"],
  ["clflush", "clfsh"],
  ["sep", "sysenter"],
  ["cx8", "cmpxchg8"],
  ["nodeid_msr", "nodeid"],
  ["cr8legacy", "altmovcr8"],
  ["lahf_lm", "lahfsahf"],
  ["cmp_legacy", "cmplegacy"],
  ["fxsr_opt", "ffxsr"],
  ["pdpe1gb", "page1gb"],
  ["spec-ctrl", "ibrsb"],
];

const TO_XEN: ReadonlyMap<string, string> = new Map(NAMES);
const FROM_XEN: ReadonlyMap<string, string> = new Map(NAMES.map(([ours, xens]) => [xens, ours]));

export function xenCpuFeature(name: string): string {
  return TO_XEN.get(name) ?? name;
}

export function cpuFeatureOfXen(name: string): string {
  return FROM_XEN.get(name) ?? name;
}
