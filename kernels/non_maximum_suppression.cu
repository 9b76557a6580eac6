#include "kernels/lib/launch.h"
#include "kernels/lib/pack.h"
#include "kernels/non_maximum_suppression.h"

namespace sleight::kernels {

namespace {

constexpr int threads_per_block = 512;

// Keys have 63 bits that say anything (the sign of a score does not). They are looked at in digits of 10 or 11 bits.
constexpr int digits = 6;
constexpr int largest_digit = 11;
constexpr int histogram_bins = 1 << largest_digit;
constexpr int bins_per_group = 32;
constexpr int bin_groups = histogram_bins / bins_per_group;

struct SharedMemory {
  std::uint32_t* histogram;     // [histogram_bins]
  std::uint32_t* group_counts;  // [bin_groups]
  std::uint32_t* choice;        // [4]
};

// The candidates with (key >> shift) >= prefix.
struct Selection {
  std::uint64_t prefix;
  int shift;
};

// Calls body(key) for the candidates of an image that fall to this thread.
template <class Body>
__device__ void for_each_candidate(const NonMaximumSuppression& arguments, std::int64_t image, Body&& body) {
  const std::uint32_t places = static_cast<std::uint32_t>(arguments.places);
  const std::uint32_t classes = static_cast<std::uint32_t>(arguments.classes);
  const std::int64_t count = arguments.places * arguments.classes;
  const float threshold = static_cast<float>(arguments.score_threshold);
  const float* const scores = arguments.scores + image * count;
  const float* const boxes = arguments.boxes + image * arguments.places * 4;
  for_each_pack_in_block<4>(count, [&](std::int64_t first, int valid) {
    const Lanes<4> pack = load_lanes<4>(scores + first, valid);
    for (int i = 0; i < 4; ++i) {
      if (i >= valid || !(pack[i] > threshold)) continue;
      const std::uint32_t position = static_cast<std::uint32_t>(first) + static_cast<std::uint32_t>(i);
      const std::uint32_t place = position / classes;
      if (!is_finite_box(boxes + static_cast<std::int64_t>(place) * 4)) continue;
      body(candidate_key(pack[i], (position - place * classes) * places + place));
    }
  });
}

// The bin in which the `wanted` highest of the histogram end. choice: the bin, how many lie above it, how many in it;
// [3] is 0 when there are fewer than wanted in all. The same on every thread.
__device__ void choose_bin(const SharedMemory& shared, std::uint32_t wanted) {
  const int thread = static_cast<int>(threadIdx.x);
  if (thread < bin_groups) {
    std::uint32_t sum = 0;
    // Each thread begins at another bin, so that they do not all ask one bank.
    for (int i = 0; i < bins_per_group; ++i)
      sum += shared.histogram[thread * bins_per_group + (i + thread) % bins_per_group];
    shared.group_counts[thread] = sum;
  }
  __syncthreads();
  if (thread == 0) {
    std::uint32_t above = 0;
    int group = bin_groups - 1;
    while (group >= 0 && above + shared.group_counts[group] < wanted)
      above += shared.group_counts[group--];
    int bin = group * bins_per_group + bins_per_group - 1;
    if (group >= 0) {
      while (above + shared.histogram[bin] < wanted)
        above += shared.histogram[bin--];
      shared.choice[0] = static_cast<std::uint32_t>(bin);
      shared.choice[1] = above;
      shared.choice[2] = shared.histogram[bin];
    }
    shared.choice[3] = group >= 0 ? 1U : 0U;
  }
  __syncthreads();
}

// Radix select: digit by digit from the top, counts the candidates with each value of the next digit and keeps to the
// value in which the last of the best must lie, until all that share it are wanted. Scores that differ are told apart
// after three digits; places with equal scores need up to six.
__device__ Selection select_best(const NonMaximumSuppression& arguments, std::int64_t image,
                                 const SharedMemory& shared) {
  Selection selection{0, 63};
  std::uint32_t wanted = static_cast<std::uint32_t>(arguments.candidates);
  for (int digit = 0; digit < digits; ++digit) {
    // 31 bits of a score in 11 + 10 + 10, 32 bits of class and place in 11 + 11 + 10.
    const int width = digit == 0 || digit == 3 || digit == 4 ? 11 : 10;
    const int shift = selection.shift - width;
    for (int i = static_cast<int>(threadIdx.x); i < histogram_bins; i += threads_per_block)
      shared.histogram[i] = 0;
    __syncthreads();
    for_each_candidate(arguments, image, [&](std::uint64_t key) {
      if (key >> selection.shift == selection.prefix)
        atomicAdd(&shared.histogram[(key >> shift) & ((1U << width) - 1U)], 1U);
    });
    __syncthreads();
    choose_bin(shared, wanted);
    if (shared.choice[3] == 0) break;  // only at the first digit: fewer candidates than wanted, all are taken
    selection = {selection.prefix << width | shared.choice[0], shift};
    wanted -= shared.choice[1];
    if (shared.choice[2] == wanted) break;
    __syncthreads();
  }
  return selection;
}

// Bitonic sort, the highest first; `count` is a power of two.
__device__ void sort_keys(std::uint64_t* keys, int count) {
  for (int size = 2; size <= count; size *= 2) {
    for (int distance = size / 2; distance > 0; distance /= 2) {
      for (int i = static_cast<int>(threadIdx.x); i < count; i += threads_per_block) {
        const int partner = i ^ distance;
        const bool descending = (i & size) == 0;
        if (partner > i && (keys[i] < keys[partner]) == descending) {
          const std::uint64_t other = keys[partner];
          keys[partner] = keys[i];
          keys[i] = other;
        }
      }
      __syncthreads();
    }
  }
}

// One block per image.
__global__ void non_maximum_suppression_kernel(NonMaximumSuppression arguments) {
  __shared__ SharedArray<std::uint32_t, histogram_bins> histogram;
  __shared__ SharedArray<std::uint32_t, bin_groups> group_counts;
  __shared__ SharedArray<std::uint32_t, 4> choice;
  __shared__ SharedArray<std::uint64_t, maximum_candidates> shared_keys;
  const std::int64_t image = blockIdx.x;
  const int thread = static_cast<int>(threadIdx.x);

  const Selection selection = select_best(arguments, image, {histogram.data(), group_counts.data(), choice.data()});

  // Gathered in any order, as the counter falls, and then sorted: no two keys are equal, so there is one result.
  std::uint64_t* const keys = shared_keys.data();
  __syncthreads();
  if (thread == 0) choice[0] = 0;
  __syncthreads();
  for_each_candidate(arguments, image, [&](std::uint64_t key) {
    if (key >> selection.shift >= selection.prefix) keys[atomicAdd(&choice[0], 1U)] = key;
  });
  __syncthreads();
  const int count = static_cast<int>(choice[0]);
  int padded = 1;
  while (padded < count)
    padded *= 2;
  for (int i = count + thread; i < padded; i += threads_per_block)
    keys[i] = 0;
  __syncthreads();
  sort_keys(keys, padded);

  // A key of 0 is a suppressed candidate. Boxes stay in global memory, where the cache holds those of an image: with them
  // in shared memory too, a quarter as many candidates would fit. Every thread counts what is kept, and all come to the
  // same number.
  const std::uint32_t places = static_cast<std::uint32_t>(arguments.places);
  const float* const boxes = arguments.boxes + image * arguments.places * 4;
  const auto box_at = [&](std::uint32_t place) { return corners_of(boxes + static_cast<std::int64_t>(place) * 4); };
  int kept = 0;
  float* const rows = arguments.found + image * arguments.detections * DetectionColumn::count;
  for (int i = 0; i < count && kept < arguments.detections; ++i) {
    const std::uint64_t key = keys[i];
    if (key == 0) continue;
    const std::uint32_t class_index = class_and_place_of(key) / places;
    const std::uint32_t first_of_class = class_index * places;
    const BoxCorners<float> box = box_at(class_and_place_of(key) - first_of_class);
    if (thread == 0) {
      float* const row = rows + kept * DetectionColumn::count;
      row[DetectionColumn::class_index] = static_cast<float>(class_index);
      row[DetectionColumn::score] = score_of(key);
      row[DetectionColumn::left] = box.left;
      row[DetectionColumn::top] = box.top;
      row[DetectionColumn::right] = box.right;
      row[DetectionColumn::bottom] = box.bottom;
    }
    ++kept;
    for (int other = i + 1 + thread; other < count; other += threads_per_block) {
      if (keys[other] == 0) continue;
      const std::uint32_t place = class_and_place_of(keys[other]) - first_of_class;  // below 0 wraps around
      if (place < places && suppresses(box, box_at(place), arguments.overlap_threshold)) keys[other] = 0;
    }
    __syncthreads();
  }
  if (thread == 0) arguments.counts[image] = kept;
  for (int i = kept * DetectionColumn::count + thread; i < arguments.detections * DetectionColumn::count;
       i += threads_per_block)
    rows[i] = i % DetectionColumn::count == DetectionColumn::class_index ? -1.0F : 0.0F;
}

}  // namespace

void non_maximum_suppression(Target target, const NonMaximumSuppression& arguments) {
  check_arguments(arguments);
  launch(target, "non_maximum_suppression", non_maximum_suppression_kernel,
         {dim3(blocks_for(arguments.batch, 1)), dim3(threads_per_block)}, arguments);
}

}  // namespace sleight::kernels
