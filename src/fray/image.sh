#!/bin/sh
# Prepares what Fray's tests run on: an image of JDK 25 whose classes Fray has rewritten, and its agents.
#
# Fray's own Maven plugin does so, too, but with the "jmods" of a JDK, which many builds of JDK 25 do not have any more.
# An image takes some 15 seconds and 130 MB and is cached; another version of Fray or of the JDK gets another one.
#
# Usage: image.sh <home of the JDK> <version of Fray> <jars, Fray's among them, separated by colons> <directory>
# The directory gets "jdk", a link to the image or else to the JDK, and "arguments", a file for "java @arguments".
set -eu

jdk=$1
version=$2
directory=$4

mkdir -p "$directory"
rm -f "$directory/jdk"

java=$(sed -n 's/^JAVA_VERSION="\(.*\)"$/\1/p' "$jdk/release")
case $java in
  25 | 25.*) ;;
  *)
    echo "Fray needs JDK 25, and this is $java: its tests are skipped"
    ln -s "$jdk" "$directory/jdk"
    : > "$directory/arguments"
    exit
    ;;
esac

# Of what is on the path: jlink's plug-in, and the agents for the JVM and for its native part.
plugin=
modules=
agent=
native=
IFS=:
for jar in $3; do
  case ${jar##*/} in
    fray-instrumentation-agent-*) agent=$jar ;;
    fray-jvmti-*) native=$jar ;;
    fray-instrumentation-jdk-*) plugin=$jar modules=$modules:$jar ;;
    fray-* | asm-* | annotations-* | kotlin-*) modules=$modules:$jar ;;
  esac
done
unset IFS
modules=${modules#:}

image=${XDG_CACHE_HOME:-$HOME/.cache}/kaffe-spring/fray-$version-$java
if [ ! -d "$image" ]; then
  echo "Making Fray's image of JDK $java"
  mkdir -p "${image%/*}"
  new=$(mktemp -d "$image.XXXXXX")
  trap 'rm -rf "$new"' EXIT
  # Without a module path, which is that of the running JDK then; jdk.jlink itself must not be in such an image.
  "$jdk/bin/jlink" "-J-javaagent:$plugin" "-J--module-path=$modules" "-J--class-path=$modules" \
    -J--add-modules=org.pastalab.fray.instrumentation.jdk \
    --add-modules=java.se,jdk.compiler,jdk.jfr,jdk.management,jdk.unsupported,jdk.zipfs \
    --release-info add:IMPLEMENTOR=Fray --fray-instrumentation --output "$new/image"
  (cd "$new/image/lib" && "$jdk/bin/jar" xf "$native" libjvmti.so)
  # Unless another build was faster.
  [ -d "$image" ] || mv "$new/image" "$image"
fi

ln -s "$image" "$directory/jdk"
{
  echo "-javaagent:$agent"
  echo "-agentpath:$image/lib/libjvmti.so"
} > "$directory/arguments"
