import { testGoldenSuites } from "@polyvisor/sdk/testkit";
import test from "ava";
import suites from "./index.js";

/** Rows of `domaincaps` that other drivers fill. */
const OTHERS: readonly RegExp[] = [/^empty$/, /^libxl-/, /^(?!bhyve_).*\./];

testGoldenSuites(test, suites, new URL("../../fixtures/golden/", import.meta.url), OTHERS);
