#!/usr/bin/env node
import { keepYoungHeapSmall } from "../dist/young-heap.js";

keepYoungHeapSmall();
await import("../dist/main.js");
