import { createSlabCollector } from "../../src/shuffle/slab-collector.js";
import { testCollectorContract } from "./collector-contract.js";

testCollectorContract("the collector in slabs", createSlabCollector);
