#!/usr/bin/env node
import "../dist/ssh-helper/main.js";
