#!/usr/bin/env bash
# Builds what is needed and compares ways to handle the records of a topic on a broker that it starts:
#   kaffe-benchmarks/run.sh [--quick] [--profile] [--rounds=n] [--contender=name]... [--database=url] [workload]...
# for example: kaffe-benchmarks/run.sh --quick noop io
# Prints tables in Markdown and leaves them, with JSON and a plot, in kaffe-benchmarks/target/side-by-side.*
set -euo pipefail
cd "$(dirname "$0")/.."

# The tests are compiled, not run: the sample needs a part of them.
built=kaffe-benchmarks/target/run-built
if [ ! -e $built ] || [ -n "$(find pom.xml kaffe-*/pom.xml kaffe-*/src -newer $built -print -quit)" ]; then
  ./mvnw -q -B -pl kaffe-benchmarks,kaffe-sample-app -am package dependency:build-classpath \
    -DskipTests -Djacoco.skip=true -Dmdep.outputFile=target/run-class-path -DincludeScope=runtime
  touch $built
fi
java="${JAVA_HOME:+$JAVA_HOME/bin/}java"
exec "$java" -Xmx512m -Dlogback.configurationFile=side-by-side-logback.xml \
  -cp "kaffe-benchmarks/target/classes:$(cat kaffe-benchmarks/target/{class-path,database-class-path} | paste -sd:)" \
  io.kaffe.spring.benchmark.runner.SideBySide kaffe-benchmarks "$@"
