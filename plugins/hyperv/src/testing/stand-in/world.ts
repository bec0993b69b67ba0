import { randomUUID } from "node:crypto";
import { CLASSES, namespaceOf } from "./classes.js";
import { Fault } from "./fault.js";

export type Value = string | readonly string[];

/** An instance of a class: what has not been set is null on the wire. */
export interface Instance {
  readonly className: string;
  /** As `__PATH` gives it. */
  readonly path: string;
  readonly properties: Record<string, Value>;
}

/** The properties by which an instance of each class is selected; of all others `InstanceID`. */
const KEYS: Readonly<Record<string, readonly string[]>> = {
  Msvm_ComputerSystem: ["CreationClassName", "Name"],
  Msvm_VirtualEthernetSwitch: ["CreationClassName", "Name"],
  Msvm_VirtualSystemManagementService: ["SystemCreationClassName", "SystemName", "CreationClassName", "Name"],
  Msvm_VirtualEthernetSwitchManagementService: ["SystemCreationClassName", "SystemName", "CreationClassName", "Name"],
  Msvm_Keyboard: ["SystemCreationClassName", "SystemName", "CreationClassName", "DeviceID"],
  Msvm_ShutdownComponent: ["SystemCreationClassName", "SystemName", "CreationClassName", "DeviceID"],
  Msvm_DiskDrive: ["SystemCreationClassName", "SystemName", "CreationClassName", "DeviceID"],
  Msvm_SyntheticDisplayController: ["SystemCreationClassName", "SystemName", "CreationClassName", "DeviceID"],
  Msvm_S3DisplayController: ["SystemCreationClassName", "SystemName", "CreationClassName", "DeviceID"],
  Msvm_VideoHead: ["SystemCreationClassName", "SystemName", "CreationClassName", "DeviceID"],
};

export const SERVER = "STANDIN";

/** All that the server manages. */
export class World {
  readonly instances: Instance[] = [];
  /** The keys that were pressed and let go, as `PressKey 29`. */
  readonly typed: string[] = [];

  constructor() {
    for (const [className, properties] of HOST) this.add(className, properties);
  }

  /** Fails with a fault for a class or a property that there is not. */
  add(className: string, properties: Readonly<Record<string, Value>>): Instance {
    checkProperties(className, properties);
    const keys = keysOf(className).map((key) => `${key}="${String(properties[key] ?? "").replaceAll("\\", "\\\\")}"`);
    const namespace = `root\\${namespaceOf(className).replace("/", "\\")}`;
    const instance: Instance = {
      className,
      path: `\\\\${SERVER}\\${namespace}:${className}.${keys.join(",")}`,
      properties: { ...properties },
    };
    this.instances.push(instance);
    return instance;
  }

  all(className: string): Instance[] {
    if (!CLASSES.has(className)) throw new Fault("InvalidResourceURI", `there is no class ${className}`);
    return this.instances.filter((instance) => instance.className === className);
  }

  /** The one that selectors name, all of whose keys they have to give. */
  select(className: string, selectors: ReadonlyMap<string, string>): Instance {
    const known = keysOf(className);
    for (const name of selectors.keys())
      if (!known.includes(name)) throw new Fault("InvalidSelectors", `${className} has no key ${name}`);
    const found = this.all(className).filter(({ properties }) =>
      [...selectors].every(([name, value]) => String(properties[name]).toLowerCase() === value.toLowerCase()),
    );
    // the one manager of a kind may be selected by its class alone
    if (found.length !== 1 || found[0] === undefined)
      throw new Fault("InvalidSelectors", `the selectors of ${className} name ${found.length} instances`);
    return found[0];
  }

  remove(gone: (instance: Instance) => boolean): void {
    const kept = this.instances.filter((instance) => !gone(instance));
    this.instances.splice(0, this.instances.length, ...kept);
  }

  /** Those that belong to an instance, as the associations of Hyper-V have it. */
  associated({ className, properties }: Instance, assocClass: string | undefined, resultClass: string): Instance[] {
    const results = this.all(resultClass);
    const own = String(properties.InstanceID ?? "").toLowerCase();
    const name = String(properties.Name ?? "").toLowerCase();
    const by = (key: string, wanted: string) =>
      results.filter((each) => String(each.properties[key] ?? "").toLowerCase() === wanted);
    if (className === "Win32_ComputerSystem" && resultClass === "Win32_Processor") return results;
    if (className === "Msvm_ComputerSystem" && resultClass === "Msvm_VirtualSystemSettingData") {
      if (assocClass !== undefined && assocClass !== "Msvm_SettingsDefineState") return [];
      return by("VirtualSystemIdentifier", name);
    }
    if (className === "Msvm_ComputerSystem") return by("SystemName", name);
    if (className === "Msvm_VirtualSystemSettingData" && assocClass === "Msvm_VirtualSystemSettingDataComponent")
      return results.filter((each) => String(each.properties.InstanceID).toLowerCase().startsWith(`${own}\\`));
    if (assocClass === "Msvm_VideoHeadOnController")
      return by("SystemName", String(properties.SystemName).toLowerCase());
    return [];
  }
}

export function keysOf(className: string): readonly string[] {
  return KEYS[className] ?? (CLASSES.get(className)?.has("InstanceID") ? ["InstanceID"] : ["Name"]);
}

export function checkProperties(className: string, properties: Readonly<Record<string, Value>>): void {
  const known = CLASSES.get(className);
  if (known === undefined) throw new Fault("InvalidResourceURI", `there is no class ${className}`);
  for (const [name, value] of Object.entries(properties)) {
    const type = known.get(name);
    if (type === undefined) throw new Fault("InvalidParameter", `${className} has no property ${name}`);
    if (type.isArray !== Array.isArray(value))
      throw new Fault("InvalidParameter", `${className}.${name} is ${type.isArray ? "an" : "no"} array`);
  }
}

const service = (CreationClassName: string, ElementName: string) => ({
  ...{
    SystemCreationClassName: "Msvm_ComputerSystem",
    SystemName: SERVER,
    CreationClassName,
    Name: "vmms",
    ElementName,
  },
});
const GIBIBYTE = 1024 ** 3;

/** What is there before anybody has defined a machine. */
const HOST: readonly (readonly [string, Readonly<Record<string, Value>>])[] = [
  [
    "Win32_ComputerSystem",
    {
      ...{ Name: SERVER, DNSHostName: SERVER.toLowerCase(), NumberOfProcessors: "1", NumberOfLogicalProcessors: "4" },
      ...{ TotalPhysicalMemory: String(8 * GIBIBYTE), SystemType: "x64-based PC", Domain: "WORKGROUP" },
    },
  ],
  [
    "Win32_Processor",
    {
      ...{ DeviceID: "CPU0", Name: "Paper CPU @ 2.00GHz", MaxClockSpeed: "2000", NumberOfCores: "2" },
      ...{ NumberOfLogicalProcessors: "4", Architecture: "9", AddressWidth: "64", SystemName: SERVER },
    },
  ],
  ["Win32_ComputerSystemProduct", { UUID: "4C4C4544-0051-5910-8056-B4C04F4E4B32", Name: "Paper", Vendor: "Stand-in" }],
  ["Win32_OperatingSystem", { Name: "Microsoft Windows Server", Version: "10.0.17763", FreePhysicalMemory: "4194304" }],
  [
    "Msvm_ComputerSystem",
    { CreationClassName: "Msvm_ComputerSystem", Name: SERVER, ElementName: SERVER, EnabledState: "2" },
  ],
  ["Msvm_VirtualSystemManagementService", service("Msvm_VirtualSystemManagementService", "Management")],
  ["Msvm_VirtualEthernetSwitchManagementService", service("Msvm_VirtualEthernetSwitchManagementService", "Switches")],
  [
    "Msvm_VirtualEthernetSwitch",
    {
      ...{ CreationClassName: "Msvm_VirtualEthernetSwitch", Name: "A6E0BE1F-5C5A-4A9B-A1A2-3F1C8A1E5B01" },
      ...{ ElementName: "External", HealthState: "5", EnabledState: "2" },
    },
  ],
  [
    "Msvm_ProcessorSettingData",
    { InstanceID: "Microsoft:Definition\\B637F346-6A0E-4DEC-AF52-BD70CB80A21D\\Maximum", VirtualQuantity: "64" },
  ],
  [
    "Msvm_ResourceAllocationSettingData",
    {
      InstanceID: "Microsoft:Definition\\353B3BE8-310C-4CF4-839E-4E1B14616136\\Default",
      ResourceSubType: "Microsoft:Hyper-V:Physical Disk Drive",
      ResourceType: "17",
    },
  ],
];

/** Adds a machine that is off, with what Hyper-V gives every one: memory, processor, two IDE controllers, two serial ports. */
export function addMachine(world: World, name: string, given: Readonly<Record<string, Value>> = {}): Instance {
  const guid = typeof given.VirtualSystemIdentifier === "string" ? given.VirtualSystemIdentifier : randomUUID();
  const id = guid.toUpperCase();
  const system = world.add("Msvm_ComputerSystem", {
    ...{ CreationClassName: "Msvm_ComputerSystem", Name: id, ElementName: name, EnabledState: "3", HealthState: "5" },
    OnTimeInMilliseconds: "0",
  });
  world.add("Msvm_VirtualSystemSettingData", {
    ...{ AutomaticStartupAction: "2", Version: "9.0", VirtualSystemType: "Microsoft:Hyper-V:System:Realized" },
    ...given,
    ...{ InstanceID: `Microsoft:${id}`, ElementName: name, VirtualSystemIdentifier: id },
  });
  const part = (className: string, path: string, properties: Readonly<Record<string, Value>>) =>
    world.add(className, { InstanceID: `Microsoft:${id}\\${path}`, ...properties });
  part("Msvm_MemorySettingData", "4764334D-E001-4176-82EE-5594EC9B530E", {
    ...{ VirtualQuantity: "1024", Reservation: "1024", Limit: "1048576", AllocationUnits: "byte * 2^20" },
    ...{ ResourceType: "4", DynamicMemoryEnabled: "false" },
  });
  part("Msvm_ProcessorSettingData", "B637F346-6A0E-4DEC-AF52-BD70CB80A21D\\0", {
    ...{ VirtualQuantity: "1", Reservation: "0", Limit: "100000", Weight: "100", ResourceType: "3" },
  });
  for (const number of ["0", "1"]) {
    part("Msvm_ResourceAllocationSettingData", `83F8638B-8DCA-4152-9EDA-2CA8B33039B4\\${number}`, {
      ...{ ResourceType: "5", ResourceSubType: "Microsoft:Hyper-V:Emulated IDE Controller", Address: number },
    });
    part("Msvm_SerialPortSettingData", `8E3A359F-559A-4B6A-98A9-1690A6100ED7\\${number}`, {
      ...{
        ResourceType: "21",
        ResourceSubType: "Microsoft:Hyper-V:Serial Port",
        ElementName: `COM ${Number(number) + 1}`,
      },
      Connection: [""],
    });
  }
  for (const [className, device] of [
    ["Msvm_Keyboard", "keyboard"],
    ["Msvm_ShutdownComponent", "shutdown"],
    ["Msvm_SyntheticDisplayController", "display"],
    ["Msvm_VideoHead", "head"],
  ] as const) {
    world.add(className, {
      ...{ SystemCreationClassName: "Msvm_ComputerSystem", SystemName: id, CreationClassName: className },
      DeviceID: `Microsoft:${id}\\${device}`,
      EnabledState: "2",
      ...(className === "Msvm_VideoHead" && { CurrentHorizontalResolution: "8", CurrentVerticalResolution: "4" }),
    });
  }
  return system;
}
