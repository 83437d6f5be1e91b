import { createSlabCollector } from "../../../src/shuffle/collect/slab-collector.js";
import { testCollectorContract } from "./collector-contract.js";

testCollectorContract("the collector in slabs", createSlabCollector);
