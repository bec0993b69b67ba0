#!/usr/bin/env node
import { runProgram } from "../dist/program.js";
import { startSmall } from "../dist/small-start.js";

startSmall();
await runProgram("polyvisord");
