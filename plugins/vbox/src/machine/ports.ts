import type { ChardevSource, Filesystem, Parallel, Serial, Sound } from "@polyvisor/sdk/conf/domain";
import type { MachineInfo } from "./info.js";

/** The addresses and interrupts of the usual COM and LPT ports. */
const COM = ["0x3F8 4", "0x2F8 3", "0x3E8 4", "0x2E8 3"] as const;
const LPT = ["0x378 7", "0x278 5"] as const;

/** Which of the usual ports `0x03f8,4` is; ports at other places count on. */
function portNumber(value: string, usual: readonly string[], otherwise: number): number {
  const [base = "", irq = ""] = value.split(",");
  const found = usual.findIndex((each) => {
    const [address = "", interrupt = ""] = each.split(" ");
    return Number(address) === Number(base) && interrupt === irq.trim();
  });
  return found === -1 ? otherwise : found;
}

export function readSerials(info: MachineInfo): Serial[] {
  return [...info.numbered("uart", 1)]
    .filter(({ value }) => value !== "off")
    .map(({ number, value }) => ({
      kind: "serial",
      source: readSource(info.text(`uartmode${number}`) ?? "disconnected"),
      target: { port: portNumber(value, COM, number - 1) },
    }));
}

export function readParallels(info: MachineInfo): Parallel[] {
  return [...info.numbered("lpt", 1)]
    .filter(({ value }) => value !== "off")
    .map(({ number, value }) => ({
      kind: "parallel",
      source: { type: "dev", path: info.text(`lptmode${number}`) ?? "" },
      target: { port: portNumber(value, LPT, number - 1) },
    }));
}

function readSource(mode: string): ChardevSource {
  const [, kind, place = ""] = /^(server|client|tcpserver|tcpclient|file),(.*)$/.exec(mode) ?? [];
  if (kind === "file") return { type: "file", path: place };
  if (kind === "server" || kind === "client") return { type: "pipe", path: place };
  if (kind === "tcpserver") return { type: "tcp", mode: "bind", host: "", service: place, protocol: "raw" };
  if (kind === "tcpclient") {
    const [host = "", service = ""] = place.split(/:(?=\d+$)/);
    return { type: "tcp", mode: "connect", host, service, protocol: "raw" };
  }
  return mode === "disconnected" ? { type: "null" } : { type: "dev", path: mode };
}

/** The words of `modifyvm` for serial ports; of a kind that VirtualBox does not know a port is there without anything behind it. */
export function serialWords(serials: readonly Serial[]): string[] {
  return serials.slice(0, COM.length).flatMap(({ source, target }, index) => {
    const place = COM[target.port] ?? COM[index] ?? COM[0];
    return [`--uart${index + 1}`, ...place.split(" "), `--uartmode${index + 1}`, ...modeWords(source)];
  });
}

function modeWords(source: ChardevSource): string[] {
  if (source.type === "file") return ["file", source.path ?? ""];
  if (source.type === "pipe") return ["server", source.path ?? ""];
  if (source.type === "dev") return [source.path ?? ""];
  if (source.type !== "tcp") return ["disconnected"];
  return source.mode === "bind"
    ? ["tcpserver", source.service ?? ""]
    : ["tcpclient", `${source.host ?? ""}:${source.service ?? ""}`];
}

export function parallelWords(parallels: readonly Parallel[]): string[] {
  return parallels.slice(0, LPT.length).flatMap(({ source, target }, index) => {
    const place = LPT[target.port] ?? LPT[index] ?? LPT[0];
    const path = "path" in source ? (source.path ?? "") : "";
    return [`--lptmode${index + 1}`, path, `--lpt${index + 1}`, ...place.split(" ")];
  });
}

/** VirtualBox tells that there is a sound card and how it is heard, not which card; libvirt takes it for the usual one. */
export function readSounds(info: MachineInfo): Sound[] {
  const audio = info.text("audio") ?? "none";
  return audio === "none" ? [] : [{ kind: "sound", model: "ac97", codecs: [] }];
}

export function soundWords(sounds: readonly Sound[]): string[] {
  const [sound] = sounds;
  if (sound?.model !== "sb16" && sound?.model !== "ac97") return [];
  return ["--audio", "null", "--audiocontroller", sound.model, "--audioout", "on"];
}

/** Those of the machine, and those that go with its run unless `inactive`. */
export function readFolders(info: MachineInfo, inactive: boolean): Filesystem[] {
  return (inactive ? ["Machine"] : ["Machine", "Transient"]).flatMap((kind) =>
    [...info.numbered(`SharedFolderName${kind}Mapping`, 1)].map(
      ({ number, value }): Filesystem => ({
        kind: "filesystem",
        source: { type: "mount", dir: info.text(`SharedFolderPath${kind}Mapping${number}`) ?? "" },
        target: value,
      }),
    ),
  );
}

/** The words after `sharedfolder add MACHINE` for each folder. */
export function folderWords(folders: readonly Filesystem[]): string[][] {
  return folders.flatMap(({ source, target, readonly }) =>
    source.type !== "mount" || source.dir === undefined || target === undefined
      ? []
      : [["--name", target, "--hostpath", source.dir, ...(readonly ? ["--readonly"] : [])]],
  );
}
