// libvirt's protocol files, out of the source package of the Debian that this is. They are kept in a cache, never here.
import { access, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { output } from "../lib/run.mjs";

/** The version whose protocol this project speaks. */
const VERSION = "9.0.0";

/** Each protocol's file, and the place of libvirt's tree that it is in. */
export const PROTOCOLS = {
  remote_protocol: "src/remote",
  qemu_protocol: "src/remote",
  lxc_protocol: "src/remote",
  admin_protocol: "src/admin",
  lock_protocol: "src/locking",
  log_protocol: "src/logging",
  lxc_monitor_protocol: "src/lxc",
  virnetprotocol: "src/rpc",
};

const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

/** The texts of the protocol files by name. POLYVISOR_LIBVIRT_SOURCE may name an unpacked tree of libvirt's. */
export async function protocolFiles() {
  const given = process.env.POLYVISOR_LIBVIRT_SOURCE;
  const tree =
    given ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "polyvisor", `libvirt-${VERSION}`);
  if (given === undefined && !(await isComplete(tree))) await fetchInto(tree);
  const texts = {};
  for (const name of Object.keys(PROTOCOLS)) texts[name] = await readFile(pathOf(tree, name), "utf8");
  return texts;
}

function pathOf(tree, name) {
  return join(tree, PROTOCOLS[name], `${name}.x`);
}

async function isComplete(tree) {
  const found = Object.keys(PROTOCOLS).map((name) => access(pathOf(tree, name)));
  return Promise.all(found).then(
    () => true,
    () => false,
  );
}

async function fetchInto(tree) {
  await mkdir(tree, { recursive: true });
  const work = await mkdtemp(join(tree, "fetch-"));
  try {
    const apt = await aptIn(work);
    console.log(`fetching the source of libvirt ${VERSION}`);
    await apt("update");
    await apt("--only-source", "--download-only", "source", "libvirt");
    const archive = join(work, `libvirt_${VERSION}.orig.tar.xz`);
    const wanted = Object.keys(PROTOCOLS).map((name) => pathOf(`libvirt-${VERSION}`, name));
    await output("tar", ["-xJf", archive, "-C", tree, "--strip-components=1", ...wanted]);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** apt with lists of its own: the sources of what this machine has from Debian. */
async function aptIn(work) {
  const format = "$(REPO_URI) $(CODENAME) $(COMPONENT) $(ORIGIN)";
  const targets = (await output("apt-get", ["indextargets", "--format", format, "Created-By: Packages"])).split("\n");
  const debian = targets.filter((line) => line.endsWith(" main Debian")).map((line) => line.replace(/ Debian$/, ""));
  const signed = await access(KEYRING).then(
    () => ` [signed-by=${KEYRING}]`,
    () => "",
  );
  const lines = [...new Set(debian)].map((line) => `deb-src${signed} ${line}\n`);
  await writeFile(join(work, "sources.list"), lines.join(""));
  await mkdir(join(work, "lists/partial"), { recursive: true });
  await mkdir(join(work, "cache/archives/partial"), { recursive: true });
  const options = {
    "Dir::Etc::SourceList": join(work, "sources.list"),
    "Dir::Etc::SourceParts": "-",
    "Dir::State::Lists": join(work, "lists"),
    "Dir::Cache": join(work, "cache"),
    "APT::Sandbox::User": "root",
  };
  const words = Object.entries(options).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
  return (...args) => output("apt-get", ["-qq", ...words, ...args], { cwd: work });
}
