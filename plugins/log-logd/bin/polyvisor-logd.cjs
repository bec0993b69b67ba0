#!/usr/bin/env node
// Each log whose disk hangs holds one of Node's threads. Their number counts before anything uses them.
process.env.UV_THREADPOOL_SIZE ??= "32";
import("../dist/daemon/main.js");
