import {
  allowChildren,
  attribute,
  child,
  childElements,
  childText,
  enumAttribute,
  integerAttribute,
  requiredEnum,
  textOf,
  type XmlElement,
  yesNoAttribute,
} from "../../../xml/index.js";
import type { BootDevice, Loader, Os, OsNvram } from "../model/index.js";
import { ARCHITECTURES } from "../words.js";
import { anySet, confError, type ParseContext, sanitizePath, word, wordAttribute } from "./context.js";
import { parseStorageSource, STORAGE_TYPES } from "./storage.js";

const CHILDREN: ReadonlySet<string> = new Set(
  (
    "acpi bios boot bootmenu cmdline dtb firmware init initarg initdir initenv initgroup initrd inituser kernel loader " +
    "nvram root smbios type"
  ).split(" "),
);
const OS_TYPES = ["hvm", "xen", "linux", "exe", "uml", "xenpvh"] as const;

/** What a guest is for: libvirt reads this before all else, the rest of `<os>` late, and complains in that order. */
export type OsType = Pick<Os, "type" | "arch" | "machine">;

export function parseOsType(root: XmlElement, virtType: string): OsType {
  const element = child(root, "os");
  if (element !== undefined) allowChildren(element, CHILDREN);
  const typeElement = element && child(element, "type");
  const written = typeElement === undefined ? "" : textOf(typeElement);
  if (typeElement === undefined || written === "") {
    if (childText(root, "bootloader") !== undefined) return { type: "xen" };
    throw confError(element ?? root, "XML_ERROR", "an os <type> must be specified", "Add <os><type>hvm</type></os>.");
  }
  const type = word(typeElement, written, OS_TYPES, (value) => `unknown OS type '${value}'`);
  const arch = attribute(typeElement, "arch") || undefined;
  if (arch !== undefined && !ARCHITECTURES.includes(arch)) {
    throw confError(
      typeElement,
      "CONFIG_UNSUPPORTED",
      `Unknown architecture ${arch}`,
      `Known: ${ARCHITECTURES.join(", ")}.`,
    );
  }
  return {
    type: type === "linux" && virtType === "xen" ? "xen" : type,
    arch,
    machine: attribute(typeElement, "machine") || undefined,
  };
}

export function parseOs(element: XmlElement | undefined, context: ParseContext, { type, arch, machine }: OsType): Os {
  if (element === undefined) return { type, boot: [] };
  const smbios = child(element, "smbios");
  const unknownMode = (value: string): string => `unknown smbios mode '${value}'`;
  const common = {
    type,
    arch,
    machine,
    smbios: smbios && wordAttribute(smbios, "mode", ["none", "emulate", "host", "sysinfo"], unknownMode),
    boot: [],
  } as const;
  switch (common.type) {
    case "hvm": {
      const { kernel, initrd, cmdline, dtb, root: rootDevice } = kernelOptions(element);
      const { firmware, firmwareFeatures } = firmwareOptions(element);
      const { loader, nvram } = loaderOptions(element, context);
      const acpiSlic = acpiTable(element);
      const { boot, bootmenu, bios } = bootOptions(element);
      // every field by name: an object made of several others takes ten times as long
      return {
        type: common.type,
        arch,
        machine,
        smbios: common.smbios,
        kernel,
        initrd,
        cmdline,
        dtb,
        root: rootDevice,
        firmware,
        firmwareFeatures,
        loader,
        nvram,
        acpiSlic,
        boot,
        bootmenu,
        bios,
      };
    }
    case "xen":
    case "xenpvh":
    case "uml":
      return { ...common, ...kernelOptions(element), ...loaderOptions(element, context) };
    case "exe":
      return { ...common, ...initOptions(element) };
    default:
      return common;
  }
}

function kernelOptions(element: XmlElement): Pick<Os, "kernel" | "initrd" | "cmdline" | "dtb" | "root"> {
  return {
    kernel: childText(element, "kernel"),
    initrd: childText(element, "initrd"),
    cmdline: childText(element, "cmdline"),
    dtb: childText(element, "dtb"),
    root: childText(element, "root"),
  };
}

const FEATURES = ["enrolled-keys", "secure-boot"] as const;

function firmwareOptions(element: XmlElement): Pick<Os, "firmware" | "firmwareFeatures"> {
  const unknown = (value: string): string => `unknown firmware value ${value}`;
  const firmware = wordAttribute(element, "firmware", ["bios", "efi"], unknown, "XML_ERROR");
  const list = child(element, "firmware");
  const found = list === undefined ? [] : childElements(list, "feature");
  if (found.length === 0 || firmware === undefined) return { firmware };
  const states = new Map(
    found.map((each) => [requiredEnum(each, "name", FEATURES), requiredEnum(each, "enabled", ["yes", "no"])] as const),
  );
  const features = FEATURES.flatMap((name) => {
    const enabled = states.get(name);
    return enabled === undefined ? [] : [{ name, enabled }];
  });
  return { firmware, firmwareFeatures: features };
}

function loaderOptions(element: XmlElement, context: ParseContext): Pick<Os, "loader" | "nvram"> {
  const loader = child(element, "loader");
  const nvram = child(element, "nvram");
  return {
    loader: loader === undefined ? undefined : parseLoader(loader),
    nvram: nvram === undefined ? undefined : parseNvram(nvram, context),
  };
}

function parseLoader(element: XmlElement): Loader | undefined {
  const loader: Loader = {
    path: textOf(element) || undefined,
    readonly: yesNoAttribute(element, "readonly"),
    type: enumAttribute(element, "type", ["rom", "pflash"]),
    secure: yesNoAttribute(element, "secure"),
    stateless: yesNoAttribute(element, "stateless"),
  };
  return anySet(loader) ? loader : undefined;
}

const NONE: ReadonlySet<string> = new Set();

function parseNvram(element: XmlElement, context: ParseContext): OsNvram | undefined {
  const template = attribute(element, "template");
  const type = enumAttribute(element, "type", STORAGE_TYPES);
  if (type === undefined) {
    allowChildren(element, NONE);
    const path = textOf(element);
    if (path === "") return template === undefined ? undefined : { template };
    return { template, source: { type: "file", path } };
  }
  const source = child(element, "source");
  if (source === undefined) {
    throw confError(element, "XML_ERROR", `missing source element with nvram type '${type}'`, "Add <source>.");
  }
  return { template, source: parseStorageSource(source, type, context), newStyle: true };
}

function acpiTable(element: XmlElement): string | undefined {
  const acpi = child(element, "acpi");
  const [table, second] = acpi === undefined ? [] : childElements(acpi, "table");
  if (table === undefined) return undefined;
  if (second !== undefined) throw confError(second, "XML_ERROR", "Only one acpi table is supported");
  const type = attribute(table, "type");
  if (type === undefined) throw confError(table, "XML_ERROR", "Missing acpi table type");
  if (type !== "slic") throw confError(table, "XML_ERROR", `Unknown acpi table type: ${type}`, "Use type='slic'.");
  return sanitizePath(textOf(table));
}

const BOOT_DEVICES: readonly BootDevice[] = ["fd", "cdrom", "hd", "network"];

function bootOptions(element: XmlElement): Pick<Os, "boot" | "bootmenu" | "bios"> {
  const boot = childElements(element, "boot").slice(0, BOOT_DEVICES.length);
  const menu = child(element, "bootmenu");
  const enable = menu && yesNoAttribute(menu, "enable");
  const bios = child(element, "bios");
  const parsedBios = bios && {
    useserial: yesNoAttribute(bios, "useserial"),
    rebootTimeout: integerAttribute(bios, "rebootTimeout", { signed: true }),
  };
  return {
    boot: boot.map((each) => requiredEnum(each, "dev", BOOT_DEVICES)),
    bootmenu:
      menu === undefined || enable === undefined
        ? undefined
        : { enable, timeout: enable === "yes" ? integerAttribute(menu, "timeout") : undefined },
    bios: parsedBios !== undefined && anySet(parsedBios) ? parsedBios : undefined,
  };
}

function initOptions(
  element: XmlElement,
): Pick<Os, "init" | "initargs" | "initenv" | "initdir" | "inituser" | "initgroup" | "cmdline"> {
  const environment = childElements(element, "initenv").map((each) => {
    const name = attribute(each, "name");
    if (name === undefined) throw confError(each, "XML_ERROR", "No name supplied for <initenv> element");
    const value = textOf(each);
    if (value === "") throw confError(each, "XML_ERROR", `No value supplied for <initenv name='${name}'> element`);
    return { name, value };
  });
  const args = childElements(element, "initarg").map((each) => {
    const text = textOf(each);
    if (text === "") throw confError(each, "XML_ERROR", "No data supplied for <initarg> element");
    return text;
  });
  return {
    init: childText(element, "init"),
    cmdline: childText(element, "cmdline"),
    initargs: args.length === 0 ? undefined : args,
    initenv: environment.length === 0 ? undefined : environment,
    initdir: childText(element, "initdir"),
    inituser: childText(element, "inituser"),
    initgroup: childText(element, "initgroup"),
  };
}
