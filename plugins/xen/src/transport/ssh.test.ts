import test from "ava";
import { chosenPlace, parsePlace, type XenSettings } from "../settings.js";
import { commandArgv, masterArgv } from "./ssh.js";

const settings: XenSettings = {
  dom0: "local",
  hosts: ["rack=ssh://root@rack.example:2200?keyfile=/k&no_verify=1", "bad name=ssh://x"],
  xl: "xl",
  timeout: 30,
  operation_timeout: 600,
  save_dir: "/s",
  dump_dir: "/d",
  xenstore_socket: "/x",
};

const uriFor = (name?: string) => ({
  scheme: "xen",
  transport: undefined,
  user: undefined,
  server: undefined,
  port: undefined,
  path: "/system",
  params: name === undefined ? [] : [["dom0", name] as const],
  fragment: undefined,
});

test("a client chooses among the dom0s that are set, and no other", (t) => {
  t.deepEqual(chosenPlace(settings, uriFor()), { name: "", place: { way: "local" } });
  t.like(chosenPlace(settings, uriFor("rack")), {
    name: "rack",
    place: { way: "ssh", host: "rack.example", port: 2200 },
  });
  for (const name of ["other", "bad name", "", "ssh://root@evil"])
    t.throws(() => chosenPlace(settings, uriFor(name)), { code: "INVALID_ARG" });
});

test("a place that is none is refused", (t) => {
  for (const text of ["http://x", "ssh:///", "ssh://-oProxyCommand=x"])
    t.throws(() => parsePlace(text), { code: "CONF_SYNTAX" }, text);
});

test("one connection is made, and commands go through it as they are", (t) => {
  const { place } = chosenPlace(settings, uriFor("rack"));
  if (place.way !== "ssh") return t.fail();
  const master = masterArgv(place, "/c/s", 30_000);
  t.deepEqual(master.slice(-8), ["-p", "2200", "-l", "root", "-i", "/k", "--", "rack.example"]);
  t.true(master.includes("BatchMode=yes"));
  const command = commandArgv(place, "/c/s", ["xl", "create", "it's; rm -rf /"]);
  t.is(command.at(-1), `'xl' 'create' 'it'\\''s; rm -rf /'`);
  t.true(command.includes("ProxyCommand=false"));
});
