# shellcheck shell=bash disable=SC2034,SC2154  # the variables are those of gpu_check.sh, which reads this file
# What has been found, as a table in Markdown, and everything in one archive. Both are made anew after each command, from
# the rows so far and the files that the commands wrote.

rows=()  # part, command, outcome, seconds; with tabs between them
save_problem=""

# record NAME OUTCOME SECONDS, of the part at hand
record() {
  rows+=("$part"$'\t'"$1"$'\t'"${2//|//}"$'\t'"$3")
  [[ "$2" != FAILED* ]] || any_failed=yes
  save_results  # before it is said, so that what was said is kept
  say "  $1: $2${3:+ ($3 s)}"
}

# The rows of bench_step's files: each has a key and its value in a line.
step_table() {
  local file row rows_of_steps=""
  for file in "$logs"/{first,steps}/*.json; do
    [[ -f "$file" && "$file" != */kernels.json ]] || continue
    # A file that lacks figures gives no row, rather than one of zeros.
    row="$(awk -F '": ' -v name="$(basename "$file" .json)" '
      /^ *"/ { key = $1; gsub(/[" ]/, "", key); sub(/,$/, "", $2); gsub(/"/, "", $2); value[key] = $2 }
      END {
        if (!(value["seconds_median"] + 0 > 0 && value["seconds_minimum"] + 0 > 0)) exit
        share = "roofline_fraction" in value ? sprintf("%.0f%%", 100 * value["roofline_fraction"]) : ""
        memory = value["peak_memory_bytes"] + 0 > 0 ? sprintf("%.2f GiB", value["peak_memory_bytes"] / 1073741824) : ""
        printf "| %s | %d | %d | %s | %s | %.2f (%.2f to %.2f) | %.1f | %s | %s |\n", name, value["batch_size"],
          value["image_size"], value["precision"], value["cuda_graphs"] == "true" ? "yes" : "no",
          1e3 * value["seconds_median"], 1e3 * value["seconds_minimum"], 1e3 * value["seconds_maximum"],
          value["images_per_second"], share, memory
      }' "$file")"
    [[ -z "$row" ]] || rows_of_steps+="$row"$'\n'
  done
  [[ -n "$rows_of_steps" ]] || return 0
  # shellcheck disable=SC2016  # Markdown's quotes, not the shell's
  say "" "## Training steps" "" \
    '`bench_step --device cuda --model MODEL --batch-size BATCH --image-size SIZE --precision PRECISION --warm-up 10 --steps 30`' "" \
    "| step | batch | size | precision | CUDA graph | ms per step | images/s | of its roofline | GPU memory |" \
    "|---|---|---|---|---|---|---|---|---|"
  printf '%s' "$rows_of_steps"
}

# Operations that do arithmetic worth counting are not bound by memory, and rows that move little are bound by their
# launch. A file that was cut off has the rows so far.
kernel_table() {
  local file="$logs/kernels/kernels.json" table
  [[ -f "$file" ]] || file="$logs/first/kernels.json"
  [[ -f "$file" ]] || return 0
  table="$(awk '
    /^ *"name":/ { name = $0; sub(/^ *"name": "/, "", name); sub(/",?$/, "", name); bytes = 0; fraction = ""; flops = 0 }
    /^ *"bytes":/ { bytes = $2 + 0 }
    /^ *"bytes_per_second":/ { rate = $2 / 1e9 }
    /^ *"of_copy":/ { fraction = $2 + 0 }
    /^ *"flops_per_second":/ { flops = 1 }
    /^ *}/ {
      if (bytes >= 32e6 && fraction != "" && !flops) {
        type = name ~ /\/bfloat16/ ? "bfloat16" : "float32"
        operation = name
        sub(/\/.*/, "", operation)
        print operation, type, fraction, rate
      }
      bytes = 0
    }' "$file" | LC_ALL=C sort -k1,1 -k2,2 -k3,3g | awk '
    function row() {
      if (count == 0) return
      middle = int((count + 1) / 2)
      printf "| %s | %d | %.2f | %.2f | %.0f |\n", group, count, fraction[1], fraction[middle], rate[middle]
    }
    $1 " | " $2 != group { row(); group = $1 " | " $2; count = 0 }
    { fraction[++count] = $3; rate[count] = $4 }
    END { row() }')"
  [[ -n "$table" ]] || return 0
  # shellcheck disable=SC2016  # as above
  say "" "## Kernels that move memory" "" \
    'Cases of 32 MB and more, as fractions of a device copy in the same run: `bench_kernels --device cuda`' "" \
    "| operation | type | cases | least of a copy | median of a copy | GB/s at the median |" "|---|---|---|---|---|---|" "$table"
}

# Lines that the programs say themselves.
quoted_lines() {
  local title="$1" lines="$2"
  [[ -z "$lines" ]] || say "" "## $title" "" '```' "$lines" '```'
}

summary() {
  local row name outcome seconds of_part
  say "# GPU: $gpu_name, $(date -u +%F)" ""
  sed 's/^/- /' "$work/machine.txt"
  say "- command: \`gpu_check.sh OUT_DIR$shown_arguments\`" ""
  say "| part | command | outcome | seconds |" "|---|---|---|---|"
  for row in "${rows[@]}"; do
    IFS=$'\t' read -r of_part name outcome seconds <<< "$row"
    say "| $of_part | $name | $outcome | $seconds |"
  done
  step_table
  kernel_table
  quoted_lines "The same step in PyTorch" "$(cat "$logs"/compare/*.log 2> /dev/null | grep ' ms per step\|PyTorch.s best\|: failed:' || true)"
  quoted_lines "Training runs" "$(grep -H '^best ' "$logs"/train/*/log.txt 2> /dev/null | sed "s|^$logs/train/||;s|/log.txt:|: |" || true)"
}

# A file is complete under its name or not there: what is killed while it writes leaves the file of before. Weights stay
# behind; they are large, and a seed makes them again.
save_results() {
  local archive="$out/results.tar.gz" table="$out/summary.md"
  if summary > "$work/results/summary.md" && cp "$work/results/summary.md" "$table.new" && mv "$table.new" "$table" &&
    tar -C "$work" --exclude='*.safetensors' -czf "$archive.new" results && sync "$archive.new" &&
    mv "$archive.new" "$archive"; then
    save_problem=""
  else
    rm -f "$table.new" "$archive.new"
    save_problem="the last results could not be gathered in $work or written to $out; is a disk full?"
    say "  $save_problem"
  fi
} 2> /dev/null

# use_cache FILE: choices that were measured on such a GPU before; results.tar.gz of another run, or a tuning.txt.
use_cache() {
  if tar -tf "$1" > /dev/null 2>&1; then
    tar -C "$work" -xf "$1" results/cache ||
      fail 2 "$1 holds no results/cache; name a results.tar.gz of gpu_check.sh, or a tuning.txt"
  else
    mkdir -p "$XDG_CACHE_HOME/sleight"
    cp "$1" "$XDG_CACHE_HOME/sleight/tuning.txt"
  fi
}
