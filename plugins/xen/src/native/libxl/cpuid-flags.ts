export const REGISTER_NAMES = ["eax", "ebx", "ecx", "edx"] as const;
export type CpuidRegister = (typeof REGISTER_NAMES)[number];

export interface CpuidFlag {
  readonly leaf: number;
  readonly subleaf?: number | undefined;
  readonly register: CpuidRegister;
  readonly bit: number;
}

type Place = Pick<CpuidFlag, "leaf" | "subleaf" | "register">;

/** Xen's names of CPU features by register, each as `name:bit`. */
const REGISTERS: readonly (Place & { readonly flags: string })[] = [
  {
    leaf: 1,
    register: "ecx",
    flags:
      "sse3:0 pclmulqdq:1 dtes64:2 monitor:3 dscpl:4 vmx:5 smx:6 est:7 tm2:8 ssse3:9 cntxid:10 fma:12 cmpxchg16:13 xtpr:14 " +
      "pdcm:15 pcid:17 dca:18 sse4_1:19 sse4.1:19 sse4_2:20 sse4.2:20 x2apic:21 movbe:22 popcnt:23 tsc-deadline:24 aes:25 " +
      "xsave:26 osxsave:27 avx:28 f16c:29 rdrand:30 hypervisor:31",
  },
  {
    leaf: 1,
    register: "edx",
    flags:
      "fpu:0 vme:1 de:2 pse:3 tsc:4 msr:5 pae:6 mce:7 cmpxchg8:8 apic:9 sysenter:11 mtrr:12 pge:13 mca:14 cmov:15 pat:16 " +
      "pse36:17 psn:18 clfsh:19 ds:21 acpi:22 mmx:23 fxsr:24 sse:25 sse2:26 ss:27 htt:28 tm:29 ia64:30 pbe:31",
  },
  { leaf: 6, register: "eax", flags: "arat:2" },
  {
    leaf: 7,
    subleaf: 0,
    register: "ebx",
    flags:
      "fsgsbase:0 tsc_adjust:1 bmi1:3 hle:4 avx2:5 smep:7 bmi2:8 erms:9 invpcid:10 rtm:11 cmt:12 mpx:14 avx512f:16 " +
      "avx512dq:17 rdseed:18 adx:19 smap:20 avx512-ifma:21 clflushopt:23 clwb:24 proc-trace:25 avx512pf:26 avx512er:27 " +
      "avx512cd:28 sha:29 avx512bw:30 avx512vl:31",
  },
  {
    leaf: 7,
    subleaf: 0,
    register: "ecx",
    flags:
      "prefetchwt1:0 avx512-vbmi:1 umip:2 pku:3 ospke:4 avx512-vbmi2:6 cet-ss:7 gfni:8 vaes:9 vpclmulqdq:10 " +
      "avx512-vnni:11 avx512-bitalg:12 avx512-vpopcntdq:14 rdpid:22 cldemote:25 pks:31",
  },
  {
    leaf: 7,
    subleaf: 0,
    register: "edx",
    flags:
      "avx512-4vnniw:2 avx512-4fmaps:3 fsrm:4 avx512-vp2intersect:8 srbds-ctrl:9 md-clear:10 serialize:14 tsxldtrk:16 " +
      "cet-ibt:20 avx512-fp16:23 ibrsb:26 stibp:27 l1d-flush:28 arch-caps:29 core-caps:30 ssbd:31",
  },
  {
    leaf: 7,
    subleaf: 1,
    register: "eax",
    flags: "avx-vnni:4 avx512-bf16:5 fzrm:10 fsrs:11 fsrcs:12 wrmsrns:19",
  },
  { leaf: 7, subleaf: 1, register: "edx", flags: "cet-sss:18" },
  { leaf: 7, subleaf: 2, register: "edx", flags: "intel-psfd:0 mcdt-no:5" },
  {
    leaf: 0x80000001,
    register: "ecx",
    flags:
      "lahfsahf:0 cmplegacy:1 svm:2 extapic:3 altmovcr8:4 abm:5 sse4a:6 misalignsse:7 3dnowprefetch:8 osvw:9 ibs:10 xop:11 " +
      "skinit:12 wdt:13 lwp:15 fma4:16 nodeid:19 tbm:21 topoext:22 perfctr_core:23 perfctr_nb:24",
  },
  {
    leaf: 0x80000001,
    register: "edx",
    flags: "syscall:11 nx:20 mmxext:22 ffxsr:25 page1gb:26 rdtscp:27 lm:29 3dnowext:30 3dnow:31",
  },
  { leaf: 0x80000007, register: "edx", flags: "invtsc:8" },
  {
    leaf: 0x80000008,
    register: "ebx",
    flags:
      "clzero:0 rstr-fp-err-ptrs:2 wbnoinvd:9 ibpb:12 ibrs:14 amd-stibp:15 ibrs-always:16 stibp-always:17 ibrs-fast:18 " +
      "ibrs-same-mode:19 no-lmsl:20 ppin:23 amd-ssbd:24 virt-ssbd:25 ssb-no:26 psfd:28 btc-no:29 ibpb-ret:30",
  },
  {
    leaf: 0x8000000a,
    register: "edx",
    flags: "svm_npt:0 svm_lbrv:1 svm_nrips:3 svm_tscrate:4 svm_vmcbclean:5 svm_decode:7 svm_pausefilt:10",
  },
  { leaf: 0x80000021, register: "eax", flags: "lfence+:2 nscb:6" },
];

const FLAGS: ReadonlyMap<string, CpuidFlag> = new Map(
  REGISTERS.flatMap(({ flags, ...place }) =>
    flags.split(" ").map((each) => {
      const [name = "", bit] = each.split(":");
      return [name, { ...place, bit: Number(bit) }] as const;
    }),
  ),
);

/** Where the CPUID instruction answers about a feature; undefined where Xen has no such name. */
export function findCpuidFlag(name: string): CpuidFlag | undefined {
  return FLAGS.get(name);
}

const keyOf = ({ leaf, subleaf, register, bit }: CpuidFlag): string => `${leaf} ${subleaf} ${register} ${bit}`;

// some have two names: the first counts
const NAMES: ReadonlyMap<string, string> = new Map([...FLAGS].reverse().map(([name, flag]) => [keyOf(flag), name]));

/** The feature's name; undefined for a bit that has none. */
export function cpuidFlagAt(
  leaf: number,
  subleaf: number | undefined,
  register: CpuidRegister,
  bit: number,
): string | undefined {
  return NAMES.get(keyOf({ leaf, subleaf, register, bit }));
}
