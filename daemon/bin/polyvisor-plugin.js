#!/usr/bin/env node
import "../dist/isolation/child/main.js";
