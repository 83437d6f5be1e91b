#!/usr/bin/env node
import { mrProgram } from "./commands.js";
import { runProgram } from "./program.js";
import { packageVersion } from "./version.js";

void runProgram(mrProgram().version(packageVersion()));
