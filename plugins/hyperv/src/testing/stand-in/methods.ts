import { randomUUID } from "node:crypto";
import { Fault } from "./fault.js";
import { addMachine, checkProperties, type Instance, type Value, type World } from "./world.js";

/** What a method is given. */
export type Argument =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "reference"; readonly instance: Instance }
  | { readonly kind: "embedded"; readonly className: string; readonly properties: Readonly<Record<string, Value>> };

/** What a method answers beside `ReturnValue`. */
export type Output = Readonly<Record<string, Value | { readonly reference: Instance }>>;

export interface Result {
  readonly returnValue: number;
  readonly output: Output;
}

type Arguments = ReadonlyMap<string, readonly Argument[]>;
type Method = (world: World, on: Instance, args: Arguments) => Result;

const DONE: Result = { returnValue: 0, output: {} };
const JOB_STARTED = 4096;
const INVALID_STATE = 32775;

/** Methods by class, with the names of their parameters: all others are faults. */
const METHODS: Readonly<Record<string, { readonly parameters: readonly string[]; readonly run: Method }>> = {
  "Msvm_ComputerSystem.RequestStateChange": {
    parameters: ["RequestedState", "TimeoutPeriod"],
    run: (world, system, args) => requestState(world, system, text(args, "RequestedState")),
  },
  "Msvm_ShutdownComponent.InitiateShutdown": {
    parameters: ["Force", "Reason"],
    run(world, component, args) {
      text(args, "Force");
      text(args, "Reason");
      const system = machineNamed(world, String(component.properties.SystemName));
      if (system.properties.EnabledState !== "2") return { returnValue: INVALID_STATE, output: {} };
      switchOff(system);
      return DONE;
    },
  },
  "Msvm_Keyboard.PressKey": { parameters: ["keyCode"], run: (world, _, args) => type(world, "PressKey", args) },
  "Msvm_Keyboard.ReleaseKey": { parameters: ["keyCode"], run: (world, _, args) => type(world, "ReleaseKey", args) },
  "Msvm_VirtualSystemManagementService.DefineSystem": {
    parameters: ["SystemSettings", "ResourceSettings", "ReferenceConfiguration"],
    run(world, _, args) {
      const settings = embedded(args, "SystemSettings");
      const name = settings.properties.ElementName;
      if (typeof name !== "string" || name === "") throw wrong("SystemSettings has no ElementName");
      return {
        returnValue: 0,
        output: { ResultingSystem: { reference: addMachine(world, name, settings.properties) } },
      };
    },
  },
  "Msvm_VirtualSystemManagementService.DestroySystem": {
    parameters: ["AffectedSystem"],
    run(world, _, args) {
      const { properties } = reference(args, "AffectedSystem", "Msvm_ComputerSystem");
      if (properties.EnabledState === "2") return { returnValue: INVALID_STATE, output: {} };
      const id = String(properties.Name);
      world.remove(
        (each) =>
          each.properties.Name === id ||
          each.properties.SystemName === id ||
          String(each.properties.InstanceID ?? "").startsWith(`Microsoft:${id}`),
      );
      return started(world);
    },
  },
  "Msvm_VirtualSystemManagementService.ModifySystemSettings": {
    parameters: ["SystemSettings"],
    run(world, _, args) {
      const { className, properties } = embedded(args, "SystemSettings");
      modify(world, className, properties);
      return DONE;
    },
  },
  "Msvm_VirtualSystemManagementService.AddResourceSettings": {
    parameters: ["AffectedConfiguration", "ResourceSettings"],
    run(world, _, args) {
      const configuration = reference(args, "AffectedConfiguration", "Msvm_VirtualSystemSettingData");
      const added = all(args, "ResourceSettings").map((argument) => {
        if (argument.kind !== "embedded") throw wrong("ResourceSettings are embedded instances");
        const { className, properties } = argument;
        checkParent(world, properties.Parent);
        const InstanceID = `${configuration.properties.InstanceID}\\${randomUUID().toUpperCase()}`;
        return world.add(className, { ...properties, InstanceID });
      });
      return { returnValue: 0, output: { ResultingResourceSettings: { reference: added[0] as Instance } } };
    },
  },
  "Msvm_VirtualSystemManagementService.ModifyResourceSettings": {
    parameters: ["ResourceSettings"],
    run(world, _, args) {
      for (const argument of all(args, "ResourceSettings")) {
        if (argument.kind !== "embedded") throw wrong("ResourceSettings are embedded instances");
        modify(world, argument.className, argument.properties);
      }
      return DONE;
    },
  },
  "Msvm_VirtualSystemManagementService.RemoveResourceSettings": {
    parameters: ["ResourceSettings"],
    run(world, _, args) {
      for (const argument of all(args, "ResourceSettings")) {
        if (argument.kind !== "reference") throw wrong("ResourceSettings are references");
        world.remove((each) => each === argument.instance);
      }
      return DONE;
    },
  },
  "Msvm_VirtualSystemManagementService.GetVirtualSystemThumbnailImage": {
    parameters: ["TargetSystem", "WidthPixels", "HeightPixels"],
    run(_, __, args) {
      reference(args, "TargetSystem", "Msvm_VirtualSystemSettingData");
      const pixels = Number(text(args, "WidthPixels")) * Number(text(args, "HeightPixels"));
      // Two bytes a pixel, five bits of red, six of green, five of blue: all of it red.
      const image = Buffer.alloc(2 * pixels, Buffer.from([0, 248]));
      return { returnValue: 0, output: { ImageData: image.toString("base64") } };
    },
  },
};

/** Runs a method of an instance. Fails with a fault for a method or a parameter that there is not. */
export function invoke(world: World, on: Instance, name: string, args: Arguments): Result {
  const method = METHODS[`${on.className}.${name}`];
  if (method === undefined) throw new Fault("ActionNotSupported", `${on.className} has no method ${name}`);
  for (const given of args.keys())
    if (!method.parameters.includes(given)) throw wrong(`${name} has no parameter ${given}`);
  for (const argument of [...args.values()].flat())
    if (argument.kind === "embedded") checkProperties(argument.className, argument.properties);
  return method.run(world, on, args);
}

/** The state that each request leads to, and from which states it may come. */
const REQUESTS: Readonly<Record<string, { readonly from: readonly string[]; readonly to: string }>> = {
  "2": { from: ["3", "32768", "32769"], to: "2" },
  "3": { from: ["2", "32768", "32769"], to: "3" },
  "6": { from: ["2", "32768"], to: "32769" },
  "9": { from: ["2"], to: "32768" },
  "10": { from: ["2"], to: "2" },
  "11": { from: ["2"], to: "2" },
  "32768": { from: ["2"], to: "32768" },
  "32769": { from: ["2", "32768"], to: "32769" },
};

function requestState(world: World, { properties }: Instance, requested: string): Result {
  const request = REQUESTS[requested];
  if (request === undefined) throw wrong(`there is no RequestedState ${requested}`);
  if (!request.from.includes(String(properties.EnabledState))) return { returnValue: INVALID_STATE, output: {} };
  properties.EnabledState = request.to;
  if (request.to === "2") properties.ProcessID ??= String(2000 + world.instances.length);
  else if (request.to !== "32768") delete properties.ProcessID;
  return started(world);
}

function switchOff({ properties }: Instance): void {
  properties.EnabledState = "3";
  delete properties.ProcessID;
}

/** Something that goes on a moment longer than the call: its job is done when it is first asked about. */
function started(world: World): Result {
  const InstanceID = randomUUID().toUpperCase();
  const job = world.add("Msvm_ConcreteJob", { InstanceID, JobState: "4", ErrorCode: "0" });
  return { returnValue: JOB_STARTED, output: { Job: { reference: job } } };
}

function type(world: World, action: string, args: Arguments): Result {
  const code = text(args, "keyCode");
  if (!/^\d+$/.test(code)) throw wrong("keyCode is a number");
  world.typed.push(`${action} ${code}`);
  return DONE;
}

function modify(world: World, className: string, properties: Readonly<Record<string, Value>>): void {
  const id = String(properties.InstanceID ?? "").toLowerCase();
  const found = world.all(className).find((each) => String(each.properties.InstanceID).toLowerCase() === id);
  if (found === undefined) throw wrong(`there is no ${className} with InstanceID '${properties.InstanceID}'`);
  const { InstanceID: _, ...changes } = properties;
  Object.assign(found.properties, changes);
  const system = world.instances.find(
    (each) =>
      each.className === "Msvm_ComputerSystem" && each.properties.Name === found.properties.VirtualSystemIdentifier,
  );
  if (system !== undefined && typeof changes.ElementName === "string")
    system.properties.ElementName = changes.ElementName;
}

function checkParent(world: World, parent: Value | undefined): void {
  if (parent === undefined) return;
  const isThere = world.instances.some(({ path }) => path.toLowerCase() === String(parent).toLowerCase());
  if (!isThere) throw wrong(`there is no ${String(parent)}`);
}

function machineNamed(world: World, name: string): Instance {
  const found = world.all("Msvm_ComputerSystem").find(({ properties }) => properties.Name === name);
  if (found === undefined) throw wrong(`there is no machine ${name}`);
  return found;
}

function all(args: Arguments, name: string): readonly Argument[] {
  const given = args.get(name);
  if (given === undefined) throw wrong(`the parameter ${name} is missing`);
  return given;
}

function text(args: Arguments, name: string): string {
  const [argument] = all(args, name);
  if (argument?.kind !== "text") throw wrong(`${name} is a plain value`);
  return argument.text;
}

function reference(args: Arguments, name: string, className: string): Instance {
  const [argument] = all(args, name);
  if (argument?.kind !== "reference" || argument.instance.className !== className)
    throw wrong(`${name} is a reference to a ${className}`);
  return argument.instance;
}

function embedded(args: Arguments, name: string) {
  const [argument] = all(args, name);
  if (argument?.kind !== "embedded") throw wrong(`${name} is an embedded instance`);
  return argument;
}

function wrong(message: string): Fault {
  return new Fault("InvalidParameter", message);
}
