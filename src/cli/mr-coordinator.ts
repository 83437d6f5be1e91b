#!/usr/bin/env node
import { packageVersion } from "../local/version.js";
import { coordinatorCommand } from "./coordinator-command.js";
import { runProgram } from "./program.js";

void runProgram(coordinatorCommand("mr-coordinator").version(packageVersion()));
