"""Counts words with PySpark's data frames, on so many threads of one process, into the directory out:

    python3 bench/peers/pyspark-wc.py THREADS DIRECTORY
"""

import sys

from pyspark.sql import SparkSession
from pyspark.sql.functions import col, explode, lit, regexp_extract_all

spark = (
    SparkSession.builder.master(f"local[{sys.argv[1]}]")
    .config("spark.ui.enabled", "false")
    .config("spark.driver.memory", "2g")
    .config("spark.sql.shuffle.partitions", "4")
    .getOrCreate()
)
lines = spark.read.text(sys.argv[2])
words = lines.select(explode(regexp_extract_all(col("value"), lit(r"(\p{L}+)"))).alias("word"))
words.groupBy("word").count().selectExpr("concat(word, ' ', count)").write.text("out")
spark.stop()
