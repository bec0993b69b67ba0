// What libvirt loses or changes when it prints a document, and so do we: its clients compare what is printed to the letter.
// Everything else must come back as it was.

/** Words of refusals of what was printed: libvirt prints these documents too, and refuses them when they come back. */
export const PRINTED_AND_REFUSED = [
  // a snapshot or checkpoint of the first second of 1970
  "missing creationTime from existing",
  // a drive without medium, which is one of a file when it is read again
  "disk device='lun' is only valid for block type disk source",
  // a backing file whose source says nothing
  "missing disk backing store source",
];

/** A model as plain data, without what is not the document's and without what printing it does not keep. */
export function normal(model) {
  return normalValue(JSON.parse(JSON.stringify(model)));
}

function normalValue(value) {
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map(normalValue).filter((each) => !isEmpty(each));
  if ("children" in value && "uri" in value) return foreign(value);
  const entries = Object.entries(value).map(([name, each]) => [name, normalValue(each)]);
  const plain = Object.fromEntries(entries.filter(([, each]) => !isEmpty(each)));
  return RULES.reduce((each, [applies, rule]) => (applies(each) ? rule(each) : each), plain);
}

/** What holds nothing need not be printed. */
function isEmpty(value) {
  return value === null || (typeof value === "object" && Object.keys(value).length === 0);
}

/** Elements of others are kept as they are; only their places change. */
export function foreign(element) {
  return {
    ...without(element, "line", "column"),
    children: element.children.map((each) => (each.children ? foreign(each) : each)),
  };
}

const without = (object, ...names) =>
  Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));
const drop =
  (...names) =>
  (each) =>
    without(each, ...names);

const EMPTY_DRIVE = { type: "file" };
const isDrive = ({ type }) => ["file", "block", "dir"].includes(type);

/** What a rule is for, and what it makes of it. Inner values come first. */
const RULES = [
  // a geometry without cylinders, heads or sectors is none
  [({ geometry: of }) => of !== undefined && !(of.cylinders && of.heads && of.sectors), drop("geometry")],
  // what boots is printed with the addresses that are given out
  [(each) => "bootp" in each && each.ranges === undefined && each.hosts === undefined, drop("bootp")],
  [(each) => each.kind === "memory", (each) => ({ ...each, target: { requested: 0, ...each.target } })],
  // no bus is not printed, and read as the usual one
  [({ kind, type }) => kind === "input" && (type === "mouse" || type === "keyboard"), drop("bus")],
  // whether a value was written or made up is not printed
  [(each) => "generated" in each || "autofill" in each, drop("generated", "autofill")],
  // a PCI address that has only a function is none
  [(each) => each.type === "pci" && !each.domain && !each.bus && !each.slot, drop("function")],
  [({ zpci }) => zpci !== undefined, (each) => ({ ...each, zpci: { uid: 0, fid: 0, ...each.zpci } })],
  // a console that is a serial port is that port seen again, and consoles are counted when they are read
  [
    ({ kind }) => kind === "console",
    (each) => without({ ...each, target: without(each.target, "port") }, "address", "alias", "acpiIndex"),
  ],
  // a socket without a path has no source to say how it is used
  [(each) => each.type === "unix" && "mode" in each && each.path === undefined, drop("mode", "reconnect")],
  [({ kind }) => kind === "shmem", (each) => ({ model: "ivshmem", ...each })],
  // labels that only allow what is allowed anyway
  [({ seclabels }) => seclabels !== undefined, withLabels],
  [
    ({ reservations }) => reservations !== undefined && reservations.path === undefined,
    (each) => ({ ...each, reservations: without(each.reservations, "mode") }),
  ],
  [
    ({ source, kind }) => kind === "interface" && source?.type === "user",
    (each) => ({ ...each, source: without(each.source, "dev") }),
  ],
  // a drive without medium is one of a file
  [
    ({ kind, source }) =>
      kind === "disk" && source !== undefined && isDrive(source) && Object.keys(source).length === 1,
    (each) => ({ ...each, source: EMPTY_DRIVE }),
  ],
  [(each) => "match" in each && each.model === undefined && each.mode !== undefined, drop("fallback")],
  [
    (each) =>
      each.mode === "custom" &&
      "match" in each &&
      each.model === undefined &&
      each.numa === undefined &&
      each.topology === undefined,
    drop("match", "mode"),
  ],
  [({ policy }) => policy === "default", drop("policy")],
  [(each) => "unit" in each && each.expiry === 0, drop("unit")],
  [(each) => "path" in each && Object.keys(each).length === 1, drop("path")],
  [
    ({ bootloaderArgs, bootloader }) => bootloaderArgs !== undefined && bootloader === undefined,
    drop("bootloaderArgs"),
  ],
  [(each) => "capacity" in each && "target" in each, (each) => ({ allocation: each.capacity, ...each })],
  [({ devices }) => devices !== undefined && !Array.isArray(devices), withDevices],
];

function withLabels(each) {
  const kept = each.seclabels.filter(
    ({ label, relabel, type }) => type !== undefined || label !== undefined || relabel === "no",
  );
  return kept.length === 0 ? without(each, "seclabels") : { ...each, seclabels: kept };
}

/** Devices that stand beside others of their bus or type only once they are read again; a panic device of no kind. */
function withDevices(domain) {
  const { devices } = domain;
  const consoles = devices.consoles?.map((each, at) =>
    at === 0 && each.target?.type === "serial" ? without(each, "source") : each,
  );
  const panics = devices.panics?.filter((each) => Object.keys(each).length > 1);
  const controllers = sorted(devices.controllers, ({ type, index, model, masterStartport }) => [
    type,
    index,
    masterStartport,
    model,
  ]);
  const disks = sorted(devices.disks, ({ target }) => [target.bus, target.dev]);
  const changed = { consoles, panics, controllers, disks };
  const kept = Object.entries({ ...devices, ...changed }).filter(([, each]) => each !== undefined && !isEmpty(each));
  return { ...domain, devices: Object.fromEntries(kept) };
}

function sorted(list, keyOf) {
  if (list === undefined) return undefined;
  const keyed = list.map((each) => ({ each, key: JSON.stringify(keyOf(each)) }));
  return keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)).map(({ each }) => each);
}
