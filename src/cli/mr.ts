#!/usr/bin/env node
import { packageVersion } from "../local/version.js";
import { mrProgram } from "./commands.js";
import { runProgram } from "./program.js";

void runProgram(mrProgram().version(packageVersion()));
