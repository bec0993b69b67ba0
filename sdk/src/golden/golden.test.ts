import test from "ava";
import { testGoldenSuites } from "../testkit/golden.js";
import { sdkSuites } from "./index.js";

testGoldenSuites(test, sdkSuites, new URL("../../fixtures/golden/", import.meta.url));
