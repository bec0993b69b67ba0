import { VirtError } from "@polyvisor/core";
import type { Domain as Config } from "@polyvisor/sdk/conf/domain";
import { shellWord } from "@polyvisor/sdk/process";
import { rootOf } from "./check.js";

const DEFAULT_INIT = "/sbin/init";
const FOUND = "found";
const MOST_LINKS = 40;
/** What engines mount in every container. */
const ALWAYS_MOUNTED = ["dev", "proc", "sys"];

/** The program that a container runs. */
export function initOf({ os }: Config): string {
  return os.init ?? DEFAULT_INIT;
}

/**
 * Commands of a shell, which begin in the container's root and tell on descriptor 3, in a line, what is wrong with its init.
 * Links lead nowhere but into the root. What is mounted over a folder on the way is not there yet: by the name alone of such
 * a folder nothing is held to be wrong.
 *
 * `exact: false` is quick, and takes what a link may find outside of the root for found.
 */
export function looksForInit(config: Config, { exact }: { readonly exact: boolean }): string {
  const init = initOf(config);
  // The engine looks for others in the container's PATH.
  if (!init.startsWith("/")) return `echo ${FOUND} >&3`;
  const others = config.devices.filesystems.filter((each) => each !== rootOf(config));
  const names = others.map(({ target = "/" }) => target.replace(/\/+$/, "").split("/").at(-1) ?? "");
  const mounted = [...new Set([...ALWAYS_MOUNTED, ...names])].filter((name) => name !== "").map(shellWord);
  return [
    `at= wrong= links=0 todo=${shellWord(init)}`,
    ...(exact ? [] : [`if [ -f ".$todo" ] && [ -x ".$todo" ]; then wrong=${FOUND}; fi`]),
    'while [ -z "$wrong" ]; do',
    `  todo=\${todo#"\${todo%%[!/]*}"}; part=\${todo%%/*}; todo=\${todo#"$part"}`,
    "  case $part in",
    "    '') break ;;",
    "    .) continue ;;",
    `    ..) at=\${at%/*}; continue ;;`,
    `    ${mounted.join("|")}) wrong=${FOUND}; continue ;;`,
    "  esac",
    '  if [ -L ".$at/$part" ]; then',
    `    links=$((links + 1)); [ $links -le ${MOST_LINKS} ] || wrong='Too many levels of symbolic links'`,
    '    link=$(readlink ".$at/$part"); todo=$link$todo',
    "    case $link in /*) at= ;; esac",
    '  elif [ -e ".$at/$part" ]; then at=$at/$part',
    "  else wrong='No such file or directory'; fi",
    "done",
    'if [ -z "$wrong" ] && [ -d ".$at" ]; then wrong="Is a directory"; fi',
    'if [ -z "$wrong" ] && [ -f ".$at" ] && [ ! -x ".$at" ]; then wrong="Permission denied"; fi',
    `echo "\${wrong:-${FOUND}}" >&3`,
  ].join("\n");
}

/** `told`: what those commands have told. Fails in libvirt's words where the init cannot be run. */
export function checkInit(config: Config, told: string): void {
  const wrong = told.trim();
  if (wrong === FOUND || wrong === "") return;
  const detail = `cannot find init path '${initOf(config)}' relative to container root: ${wrong}`;
  throw new VirtError("INTERNAL_ERROR", `guest failed to start: ${detail}`, {
    domain: "LXC",
    hint: "<init> is the path of a program in the container",
  });
}
