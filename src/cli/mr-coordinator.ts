#!/usr/bin/env node
import { coordinatorCommand } from "./coordinator-command.js";
import { runProgram } from "./program.js";
import { packageVersion } from "./version.js";

void runProgram(coordinatorCommand("mr-coordinator").version(packageVersion()));
