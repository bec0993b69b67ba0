import { list } from "./lists.js";
import { createVm, modifyVm, sharedFolder, storageAttach, storageCtl, unregisterVm } from "./machines.js";
import { closeMedium, createMedium } from "./media.js";
import { dhcpServer, hostOnlyIf, natNetwork } from "./networks.js";
import { Refusal, syntax } from "./refusal.js";
import { controlVm, discardState, snapshot, startVm } from "./runs.js";
import { getExtraData, setExtraData, showVmInfo } from "./show.js";
import { type World, withWorld } from "./state.js";
import { guestProperty, importAppliance } from "./vagrant.js";
import { Words } from "./words.js";

/** A version of VirtualBox that libvirt's driver and vagrant know. */
const VERSION = "7.0.10r158379";

/** What the stand-in is told by its surroundings. */
export interface Surroundings {
  readonly folder: string;
  /** Two letters; `en` unless a language is set. */
  readonly language: string;
}

type Command = (world: World, words: Words, surroundings: Surroundings) => string;

const COMMANDS: Readonly<Record<string, Command>> = {
  list,
  showvminfo: showVmInfo,
  createvm: (world, words, { folder }) => createVm(world, folder, words),
  unregistervm: unregisterVm,
  modifyvm: modifyVm,
  storagectl: storageCtl,
  storageattach: storageAttach,
  sharedfolder: sharedFolder,
  getextradata: getExtraData,
  setextradata: setExtraData,
  startvm: startVm,
  controlvm: controlVm,
  discardstate: discardState,
  snapshot,
  createmedium: createMedium,
  closemedium: closeMedium,
  hostonlyif: hostOnlyIf,
  dhcpserver: dhcpServer,
  natnetwork: natNetwork,
  guestproperty: guestProperty,
  import: (world, words, { folder }) => importAppliance(world, words, folder),
};

/** What a run of VBoxManage ends with and prints: to its standard error where the status is not 0. */
export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** One run of the stand-in. Strict: what it does not know is refused, as by the real one. */
export function answer(argv: readonly string[], { folder, language }: Surroundings): Answer {
  const [command = "", ...words] = argv.filter((word) => word !== "--nologo" && word !== "-q");
  if (command === "--version" || command === "-v") return { status: 0, text: `${VERSION}\n` };
  try {
    const run = COMMANDS[command];
    if (run === undefined) throw syntax(`Invalid command '${command}'`);
    return { status: 0, text: withWorld(folder, (world) => run(world, new Words(words), { folder, language })) };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { status: 1, text: error.lines };
  }
}

export function languageOf(locale: string | undefined): string {
  return locale?.startsWith("de") ? "de" : "en";
}
