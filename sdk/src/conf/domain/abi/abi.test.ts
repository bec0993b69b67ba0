import test from "ava";
import { parseDomain } from "../read.js";
import { checkAbiStability } from "./index.js";
import { GUEST, READ } from "./testing/guest.js";

test("a configuration is stable against itself", (t) => {
  const domain = parseDomain(GUEST, READ);
  t.notThrows(() => checkAbiStability(domain, domain));
});

test("what a guest does not see may change", (t) => {
  const source = parseDomain(GUEST, READ);
  const target = GUEST.replace("<source file='/a'/>", "<source file='/elsewhere'/>").replace(
    "action='none'",
    "action='reset'",
  );
  t.notThrows(() => checkAbiStability(source, parseDomain(target, READ)));
});

test("the balloon's size may change where it is asked for", (t) => {
  const source = parseDomain(GUEST, READ);
  const target = parseDomain(GUEST.replace(">1048576<", ">524288<"), READ);
  t.notThrows(() => checkAbiStability(source, target, { skipVolatile: true }));
});
