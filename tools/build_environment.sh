# shellcheck shell=bash
# Sourced by quickstart.sh and test.sh: what both say and how wide both build.

heading() { printf '\n== %s ==\n\n' "$*"; }

# One compiler per core, but only as many as memory holds: the largest source files need about 1 GiB each.
memory_jobs=$(awk '/^MemAvailable:/ { print int($2 / 1048576) }' /proc/meminfo)
build_jobs=$(nproc)
if (( build_jobs > memory_jobs )); then build_jobs=$memory_jobs; fi
if (( build_jobs < 1 )); then build_jobs=1; fi
