import { claimedCalls, registerKit, SERVICE_KITS, subjectOfProvider } from "@polyvisor/sdk/conformance";
import test from "ava";
import { standInKernel } from "./testing/stand-in-kernel.js";

const kernel = await standInKernel();
const subject = await subjectOfProvider("security", () => kernel.again());
const profile = { calls: claimedCalls("security", kernel.driver), fixtures: {}, traits: [] };

test.after.always(() => kernel.close());
registerKit(test, SERVICE_KITS.security, subject, { title: "AppArmor on a stand-in kernel", profile });
