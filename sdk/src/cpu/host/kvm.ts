import { platform } from "node:os";
import { type Libc, libc } from "../../process/libc.js";
import { type CpuBits, msrKey, setBits } from "../bits.js";

const O_RDONLY_CLOEXEC = 0o2000000;
const KVM_CREATE_VM = 0xae01;
const KVM_CHECK_EXTENSION = 0xae03;
const KVM_CREATE_VCPU = 0xae41;
const KVM_GET_TSC_KHZ = 0xaea3;
const KVM_GET_MSRS = 0xc008ae88;
const KVM_CAP_TSC_CONTROL = 60;
const KVM_CAP_NR_VCPUS = 9;
const KVM_CAP_MAX_VCPUS = 66;
/** What the kernel's documentation says of kernels that do not say. */
const DEFAULT_MAX_VCPUS = 4;

/** The bits of a model-specific register as KVM tells them; none where it cannot be asked. */
export function readMsr(index: number): CpuBits {
  return withKvm(new Map(), (kvm, fd) => {
    // struct kvm_msrs with one entry: its count, its index, the value.
    const message = Buffer.alloc(24);
    message.writeUInt32LE(1, 0);
    message.writeUInt32LE(index, 8);
    const bits = new Map<string, number>();
    if (kvm.ioctl(fd, KVM_GET_MSRS, message) !== 1) return bits;
    setBits(bits, msrKey(index, "eax"), message.readUInt32LE(16));
    setBits(bits, msrKey(index, "edx"), message.readUInt32LE(20));
    return bits;
  });
}

export interface TscFacts {
  /** Hertz. */
  readonly frequency: number;
  /** Whether a guest's clock can run at another frequency than the host's. */
  readonly scaling: "yes" | "no";
}

/** The clock that guests see, which KVM tells of a guest only: one is made, and is gone with its descriptors. */
export function readTsc(): TscFacts | undefined {
  return withKvm(undefined, (kvm, fd) => {
    const machine = kvm.ioctlNumber(fd, KVM_CREATE_VM, 0);
    if (machine < 0) return undefined;
    const cpu = kvm.ioctlNumber(machine, KVM_CREATE_VCPU, 0);
    try {
      const khz = cpu < 0 ? -1 : kvm.ioctlNumber(cpu, KVM_GET_TSC_KHZ, 0);
      const scaling = kvm.ioctlNumber(fd, KVM_CHECK_EXTENSION, KVM_CAP_TSC_CONTROL);
      return khz < 0 || scaling < 0 ? undefined : { frequency: khz * 1000, scaling: scaling > 0 ? "yes" : "no" };
    } finally {
      if (cpu >= 0) kvm.close(cpu);
      kvm.close(machine);
    }
  });
}

/** The most virtual CPUs of a guest; undefined where KVM cannot be asked. */
export function readKvmMaxVcpus(): number | undefined {
  return withKvm<number | undefined>(undefined, (kvm, fd) => {
    const most = [KVM_CAP_MAX_VCPUS, KVM_CAP_NR_VCPUS].map((capability) =>
      kvm.ioctlNumber(fd, KVM_CHECK_EXTENSION, capability),
    );
    return most.find((count) => count > 0) ?? DEFAULT_MAX_VCPUS;
  });
}

function withKvm<T>(otherwise: T, ask: (kvm: Libc, fd: number) => T): T {
  if (platform() !== "linux") return otherwise;
  const kvm = libc();
  const fd = kvm.open("/dev/kvm", O_RDONLY_CLOEXEC);
  if (fd < 0) return otherwise;
  try {
    return ask(kvm, fd);
  } finally {
    kvm.close(fd);
  }
}
