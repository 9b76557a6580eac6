#include <algorithm>

#include "kernels/lib/launch.h"
#include "kernels/lib/pack.h"
#include "kernels/lib/reduce.h"
#include "kernels/yolo_loss_terms.h"

namespace sleight::kernels {

namespace {

constexpr int places_per_block = yolo_chunk_places;
constexpr int objects_at_once = 64;
constexpr int warps_per_block = 4;
constexpr int fill_threads = 256;
constexpr int packs_per_thread = 4;
constexpr int totals_threads = 256;

// One thread per place, a block for a chunk of an image: writes `assigned` and adds up the negatives. Rows are far
// apart (85 numbers), so the block fetches the five that it needs of each with neighboring threads on neighboring
// numbers, and the threads then pick theirs from shared memory (5 is odd: every thread of a warp in a bank of its own).
template <class T>
__global__ void places_kernel(YoloLoss arguments, float threshold) {
  constexpr int numbers = YoloChannel::first_class;
  __shared__ SharedArray<float, places_per_block * numbers> rows;
  __shared__ SharedArray<BoxCorners<float>, objects_at_once> boxes;
  __shared__ SharedArray<std::int32_t, objects_at_once> object_places;
  const int thread = static_cast<int>(threadIdx.x);
  const int chunks_per_image = static_cast<int>(yolo_chunks_per_image(arguments.scale));
  const std::int64_t image = blockIdx.x / static_cast<unsigned>(chunks_per_image);
  const int chunk = static_cast<int>(blockIdx.x % static_cast<unsigned>(chunks_per_image));
  const int first_place = chunk * places_per_block;
  const std::int64_t first_row = image * arguments.scale.places() + first_place;
  const int places_left = arguments.scale.places() - first_place;
  const int places = places_left < places_per_block ? places_left : places_per_block;

  const T* const prediction = static_cast<const T*>(arguments.prediction) + first_row * arguments.scale.row_size();
  for (int i = thread; i < places * numbers; i += places_per_block)
    rows[i] = static_cast<float>(prediction[i / numbers * arguments.scale.row_size() + i % numbers]);
  __syncthreads();

  const bool valid = thread < places;
  const int place = first_place + thread;
  const int row = valid ? thread * numbers : 0;
  const BoxCorners<float> box =
      predicted_box(arguments.scale, valid ? place : first_place, rows[row + YoloChannel::tx],
                    rows[row + YoloChannel::ty], rows[row + YoloChannel::tw], rows[row + YoloChannel::th]);
  int assigned = yolo_negative;
  bool ignored = false;
  const int objects = static_cast<int>(arguments.objects.per_image);
  for (int base = 0; base < objects; base += objects_at_once) {
    const int count = objects - base < objects_at_once ? objects - base : objects_at_once;
    if (thread < count) {
      const std::int64_t object = image * objects + base + thread;
      boxes[thread] = object_corners<float>(arguments.objects.boxes + object * 4);
      object_places[thread] = place_of_object(arguments.scale, arguments.objects, object);
    }
    __syncthreads();
    for (int m = 0; m < count; ++m) {
      const int object_place = object_places[m];
      if (object_place == no_object) continue;
      if (object_place == place) assigned = base + m;
      ignored = ignored || overlaps(box, boxes[m], threshold);
    }
    __syncthreads();
  }
  if (assigned == yolo_negative && ignored) assigned = yolo_ignored;
  if (valid) arguments.assigned[first_row + thread] = assigned;
  const float loss =
      valid && assigned == yolo_negative ? binary_cross_entropy(rows[row + YoloChannel::objectness], 0.0F) : 0.0F;
  const float sum = block_sum(loss);
  if (thread == 0) static_cast<float*>(arguments.workspace)[blockIdx.x] = sum;
}

// The object of this warp among those of all images, its place, and the row of the prediction that was assigned to
// it: -1 where none was.
struct Winner {
  std::int64_t object;
  std::int32_t place;
  std::int64_t row;
};

template <class Arguments>
__device__ Winner winner_of_warp(const Arguments& arguments) {
  const std::int64_t objects = arguments.objects.per_image;
  const std::int64_t object = static_cast<std::int64_t>(blockIdx.x) * warps_per_block + threadIdx.x / 32;
  if (object >= arguments.scale.batch * objects) return {-1, -1, -1};
  const std::int32_t place = place_of_object(arguments.scale, arguments.objects, object);
  if (place < 0) return {object, place, -1};
  // In 32 bits: the boxes of more objects fill a GPU.
  const std::int64_t image = static_cast<unsigned>(object) / static_cast<unsigned>(objects);
  const std::int64_t row = image * arguments.scale.places() + place;
  return {object, place, arguments.assigned[row] == object - image * objects ? row : -1};
}

// One warp per object, its lanes on neighboring channels of the row.
template <class T>
__global__ void objects_kernel(YoloLoss arguments, std::int64_t chunks) {
  const Winner winner = winner_of_warp(arguments);
  if (winner.object < 0) return;
  Lanes<yolo_components> sums = filled_lanes<yolo_components>(0.0F);
  if (winner.row >= 0) {
    const auto target =
        target_of_object<float>(arguments.scale, arguments.options, arguments.objects, winner.object, winner.place);
    const std::int32_t row_size = arguments.scale.row_size();
    const T* const row = static_cast<const T*>(arguments.prediction) + winner.row * row_size;
    for (std::int32_t channel = static_cast<int>(threadIdx.x % 32); channel < row_size; channel += 32) {
      const float loss = positive_loss(target, arguments.options.size_loss, channel, static_cast<float>(row[channel]));
      for (int i = 0; i < yolo_components; ++i)
        sums[i] += i == yolo_component(channel) ? loss : 0.0F;
    }
  }
  sums = warp_sum(sums);
  if (threadIdx.x % 32 != 0) return;
  float* const to = static_cast<float*>(arguments.workspace) + chunks + winner.object * yolo_components;
  for (int i = 0; i < yolo_components; ++i)
    to[i] = sums[i];
}

// One block: everything together.
__global__ void totals_kernel(YoloLoss arguments, std::int64_t chunks, std::int64_t objects) {
  const float* const chunk_sums = static_cast<const float*>(arguments.workspace);
  const float* const object_sums = chunk_sums + chunks;
  Lanes<yolo_components> sums = filled_lanes<yolo_components>(0.0F);
  for (std::int64_t chunk = threadIdx.x; chunk < chunks; chunk += totals_threads)
    sums[2] += chunk_sums[chunk];
  for (std::int64_t object = threadIdx.x; object < objects; object += totals_threads) {
    for (int i = 0; i < yolo_components; ++i)
      sums[i] += object_sums[object * yolo_components + i];
  }
  sums = block_sum(sums);
  if (threadIdx.x != 0) return;
  float loss = 0.0F;
  for (int i = 0; i < yolo_components; ++i) {
    const float mean = sums[i] / static_cast<float>(arguments.scale.batch);
    static_cast<float*>(arguments.components)[i] = mean;
    loss += mean;
  }
  *static_cast<float*>(arguments.loss) = loss;
}

// The rows without an object: zeros, but for the objectness of negatives. The gradient is written as one long row of
// packs, because its own rows have an odd length and are aligned to nothing; a pack that touches an object's row leaves
// that part alone. Numbers within a block are counted in 32 bits: they are divided, and 64 bits would cost more than
// the memory.
template <class T>
__global__ void fill_kernel(YoloLossBackward arguments, std::int64_t count) {
  constexpr int lanes = pack_lanes<T>;
  constexpr int block_elements = fill_threads * packs_per_thread * lanes;
  const std::int64_t first = static_cast<std::int64_t>(blockIdx.x) * block_elements;
  const unsigned row_size = static_cast<unsigned>(arguments.scale.row_size());
  const std::int64_t first_row = first / row_size;
  const unsigned first_channel = static_cast<unsigned>(first - first_row * row_size);
  const std::int32_t* const assigned = arguments.assigned + first_row;
  const T* const prediction = static_cast<const T*>(arguments.prediction) + first;
  T* const gradient = static_cast<T*>(arguments.prediction_gradient) + first;
  const float factor =
      static_cast<const float*>(arguments.loss_gradient)[0] / static_cast<float>(arguments.scale.batch);

  const std::int64_t elements = count - first < block_elements ? count - first : block_elements;
  for_each_pack_in_block<lanes>(elements, [&](std::int64_t start, int valid) {
    const unsigned position = first_channel + static_cast<unsigned>(start);
    unsigned row = position / row_size;
    unsigned channel = position - row * row_size;
    int state = assigned[row];
    Lanes<lanes> values;
    unsigned objects = 0;  // one bit for each number that belongs to an object
    for (int i = 0; i < lanes; ++i) {
      const bool negative = state == yolo_negative && channel == YoloChannel::objectness && i < valid;
      values[i] = negative ? factor * sigmoid(static_cast<float>(prediction[start + i])) : 0.0F;
      objects |= state >= 0 ? 1U << i : 0U;
      if (++channel == row_size && i + 1 < valid) {
        channel = 0;
        state = assigned[++row];
      }
    }
    if (objects == 0) {
      store_lanes(gradient + start, values, valid);
    } else {
      for (int i = 0; i < lanes; ++i) {
        if (i < valid && (objects >> i & 1U) == 0) gradient[start + i] = static_cast<T>(values[i]);
      }
    }
  });
}

// And the rows with one.
template <class T>
__global__ void objects_backward_kernel(YoloLossBackward arguments) {
  const Winner winner = winner_of_warp(arguments);
  if (winner.row < 0) return;
  const auto target =
      target_of_object<float>(arguments.scale, arguments.options, arguments.objects, winner.object, winner.place);
  const std::int32_t row_size = arguments.scale.row_size();
  const T* const row = static_cast<const T*>(arguments.prediction) + winner.row * row_size;
  T* const gradient = static_cast<T*>(arguments.prediction_gradient) + winner.row * row_size;
  const float factor =
      static_cast<const float*>(arguments.loss_gradient)[0] / static_cast<float>(arguments.scale.batch);
  for (std::int32_t channel = static_cast<int>(threadIdx.x % 32); channel < row_size; channel += 32)
    gradient[channel] = static_cast<T>(
        factor * positive_gradient(target, arguments.options.size_loss, channel, static_cast<float>(row[channel])));
}

LaunchShape warp_per_object(std::int64_t objects) {
  return {dim3(blocks_for(objects, warps_per_block)), dim3(warps_per_block * 32)};
}

}  // namespace

void yolo_loss(Target target, const YoloLoss& arguments) {
  check_arguments(arguments);
  const std::int64_t chunks = arguments.scale.batch * yolo_chunks_per_image(arguments.scale);
  const std::int64_t objects = arguments.scale.batch * arguments.objects.per_image;
  visit_gpu_type(arguments.type, [&]<class T>(TypeTag<T>) {
    launch(target, "yolo_loss_places", places_kernel<T>, {dim3(blocks_for(chunks, 1)), dim3(places_per_block)},
           arguments, static_cast<float>(arguments.options.ignore_threshold));
    launch(target, "yolo_loss_objects", objects_kernel<T>, warp_per_object(objects), arguments, chunks);
  });
  launch(target, "yolo_loss", totals_kernel, {dim3(1), dim3(totals_threads)}, arguments, chunks, objects);
}

void yolo_loss_backward(Target target, const YoloLossBackward& arguments) {
  check_arguments(arguments);
  const std::int64_t count = arguments.scale.batch * arguments.scale.places() * arguments.scale.row_size();
  const std::int64_t objects = arguments.scale.batch * arguments.objects.per_image;
  visit_gpu_type(arguments.type, [&]<class T>(TypeTag<T>) {
    constexpr std::int64_t block_elements = fill_threads * packs_per_thread * pack_lanes<T>;
    launch(target, "yolo_loss_backward_fill", fill_kernel<T>,
           {dim3(blocks_for(count, block_elements)), dim3(fill_threads)}, arguments, count);
    launch(target, "yolo_loss_backward_objects", objects_backward_kernel<T>, warp_per_object(objects), arguments);
  });
}

}  // namespace sleight::kernels
