import { arch } from "node:os";

const LIBVIRT_NAMES: Readonly<Record<string, string>> = {
  x64: "x86_64",
  ia32: "i686",
  arm64: "aarch64",
  arm: "armv7l",
  ppc64: "ppc64le",
  loong64: "loongarch64",
};

/** libvirt's name of the architecture that we run on. */
export function hostArch(): string {
  const name = arch();
  return LIBVIRT_NAMES[name] ?? name;
}
