#!/usr/bin/env node
import { packageVersion } from "../local/version.js";
import { workerCommand } from "./worker-command.js";
import { runProgram } from "./program.js";

void runProgram(workerCommand("mr-worker").version(packageVersion()));
