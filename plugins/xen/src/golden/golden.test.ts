import { testGoldenSuites } from "@polyvisor/sdk/testkit";
import test from "ava";
import suites from "./index.js";

testGoldenSuites(test, suites, new URL("../../fixtures/golden/", import.meta.url));
