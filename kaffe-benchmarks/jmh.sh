#!/usr/bin/env bash
# Builds what benchmarks need and runs those that match a pattern:
#   kaffe-benchmarks/jmh.sh [pattern] [more JMH options]
# for example: kaffe-benchmarks/jmh.sh OffsetWindow -prof gc
set -euo pipefail
cd "$(dirname "$0")/.."

./mvnw -q -B -pl kaffe-benchmarks -am package -Dmaven.test.skip=true -Djacoco.skip=true
java="${JAVA_HOME:+$JAVA_HOME/bin/}java"
exec "$java" -cp "kaffe-benchmarks/target/classes:$(cat kaffe-benchmarks/target/class-path)" org.openjdk.jmh.Main "$@"
