import { createMemoryCollector } from "../../src/shuffle/memory-collector.js";
import { testCollectorContract } from "./collector-contract.js";

testCollectorContract("the collector in memory", createMemoryCollector);
