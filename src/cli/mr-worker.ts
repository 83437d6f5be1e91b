#!/usr/bin/env node
import { workerCommand } from "./worker-command.js";
import { runProgram } from "./program.js";
import { packageVersion } from "./version.js";

void runProgram(workerCommand("mr-worker").version(packageVersion()));
