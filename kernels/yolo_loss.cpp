#include "kernels/yolo_loss.h"

#include <algorithm>
#include <stdexcept>
#include <string>

#include "kernels/yolo_loss_terms.h"

namespace sleight::kernels {

namespace {

void check_static_arguments(const YoloScale& scale, const YoloLossOptions& options) {
  const auto refuse = [](const std::string& what) { throw std::invalid_argument("yolo_loss: " + what); };
  if (scale.height < 1 || scale.width < 1)
    refuse("a grid of " + std::to_string(scale.height) + " x " + std::to_string(scale.width) + " cells has no places");
  if (scale.classes < 1) refuse(std::to_string(scale.classes) + " classes; give at least 1");
  if (scale.scale < 0 || scale.scale >= yolo_scales)
    refuse("scale " + std::to_string(scale.scale) + "; there are the scales 0, 1 and 2");
  for (const AnchorSize& anchor : scale.anchors) {
    if (!(anchor.width > 0 && anchor.height > 0))
      refuse("an anchor of " + std::to_string(anchor.width) + " x " + std::to_string(anchor.height) +
             " pixels; both must be above zero");
  }
  if (!(options.epsilon >= 0 && options.epsilon < 1))
    refuse("class smoothing " + std::to_string(options.epsilon) + "; it must be at least 0 and less than 1");
  if (!(options.ignore_threshold >= 0))
    refuse("ignore threshold " + std::to_string(options.ignore_threshold) + "; it must be at least 0");
}

void check_classes(const YoloScale& scale, const YoloObjects& objects) {
  for (std::int64_t object = 0; object < scale.batch * objects.per_image; ++object) {
    if (objects.best_anchor[object] < 0) continue;
    if (objects.classes[object] < 0 || objects.classes[object] >= scale.classes)
      throw std::invalid_argument("yolo_loss: the class of object " + std::to_string(object % objects.per_image) +
                                  " of image " + std::to_string(object / objects.per_image) + " is " +
                                  std::to_string(objects.classes[object]) + "; the classes are 0 to " +
                                  std::to_string(scale.classes - 1));
  }
}

// Writes `assigned` for places [first, last) of an image and returns the loss of the negatives among them.
template <class T>
Accumulator<T> assign_chunk(const YoloLoss& arguments, std::int64_t image, std::int32_t first, std::int32_t last) {
  using Value = Accumulator<T>;
  const YoloScale& scale = arguments.scale;
  const YoloObjects& objects = arguments.objects;
  std::int32_t* const assigned = arguments.assigned + image * scale.places();
  const std::int64_t first_object = image * objects.per_image;
  std::fill(assigned + first, assigned + last, yolo_negative);
  for (std::int64_t m = 0; m < objects.per_image; ++m) {
    const std::int32_t place = place_of_object(scale, objects, first_object + m);
    if (place >= first && place < last) assigned[place] = static_cast<std::int32_t>(m);
  }

  const Value threshold = static_cast<Value>(arguments.options.ignore_threshold);
  Value sum = 0;
  for (std::int32_t place = first; place < last; ++place) {
    if (assigned[place] != yolo_negative) continue;
    const T* const row =
        static_cast<const T*>(arguments.prediction) + (image * scale.places() + place) * scale.row_size();
    const BoxCorners<Value> box =
        predicted_box(scale, place, Value(row[0]), Value(row[1]), Value(row[2]), Value(row[3]));
    for (std::int64_t m = first_object; m < first_object + objects.per_image; ++m) {
      if (objects.best_anchor[m] < 0 || !overlaps(box, object_corners<Value>(objects.boxes + m * 4), threshold))
        continue;
      assigned[place] = yolo_ignored;
      break;
    }
    if (assigned[place] == yolo_negative) sum += binary_cross_entropy(Value(row[YoloChannel::objectness]), Value(0));
  }
  return sum;
}

// Calls function(object, place, row) for the objects that places were assigned to: object among those of all images,
// row among the rows of the prediction. The objects may be visited side by side.
template <class Arguments, class Function>
void visit_winner(const Arguments& arguments, std::int64_t object, Function&& function) {
  const std::int32_t place = place_of_object(arguments.scale, arguments.objects, object);
  if (place < 0) return;
  const std::int64_t image = object / arguments.objects.per_image;
  const std::int64_t row = image * arguments.scale.places() + place;
  if (arguments.assigned[row] == object - image * arguments.objects.per_image) function(place, row);
}

template <class T>
void forward(const YoloLoss& arguments) {
  using Value = Accumulator<T>;
  const YoloScale& scale = arguments.scale;
  const std::int64_t chunks_per_image = yolo_chunks_per_image(scale);
  const std::int64_t chunks = scale.batch * chunks_per_image;
  const std::int64_t objects = scale.batch * arguments.objects.per_image;
  Value* const chunk_sums = static_cast<Value*>(arguments.workspace);
  Value* const object_sums = chunk_sums + chunks;

#pragma omp parallel
  {
#pragma omp for schedule(static)
    for (std::int64_t chunk = 0; chunk < chunks; ++chunk) {
      const std::int32_t first = static_cast<std::int32_t>(chunk % chunks_per_image) * yolo_chunk_places;
      chunk_sums[chunk] = assign_chunk<T>(arguments, chunk / chunks_per_image, first,
                                          std::min(first + yolo_chunk_places, scale.places()));
    }
#pragma omp for schedule(static)
    for (std::int64_t object = 0; object < objects; ++object) {
      Value* const sums = object_sums + object * yolo_components;
      std::fill(sums, sums + yolo_components, Value(0));
      visit_winner(arguments, object, [&](std::int32_t place, std::int64_t row) {
        const auto target = target_of_object<Value>(scale, arguments.options, arguments.objects, object, place);
        const T* const prediction = static_cast<const T*>(arguments.prediction) + row * scale.row_size();
        for (std::int32_t channel = 0; channel < scale.row_size(); ++channel)
          sums[yolo_component(channel)] +=
              positive_loss(target, arguments.options.size_loss, channel, Value(prediction[channel]));
      });
    }
  }

  Value components[yolo_components] = {};
  for (std::int64_t chunk = 0; chunk < chunks; ++chunk)
    components[2] += chunk_sums[chunk];
  for (std::int64_t i = 0; i < objects * yolo_components; ++i)
    components[i % yolo_components] += object_sums[i];
  Value loss = 0;
  for (int i = 0; i < yolo_components; ++i) {
    const Value mean = components[i] / static_cast<Value>(scale.batch);
    static_cast<Value*>(arguments.components)[i] = mean;
    loss += mean;
  }
  *static_cast<Value*>(arguments.loss) = loss;
}

template <class T>
void backward(const YoloLossBackward& arguments) {
  using Value = Accumulator<T>;
  const YoloScale& scale = arguments.scale;
  const std::int32_t row_size = scale.row_size();
  const std::int64_t rows = scale.batch * scale.places();
  const std::int64_t objects = scale.batch * arguments.objects.per_image;
  const T* const prediction = static_cast<const T*>(arguments.prediction);
  T* const gradient = static_cast<T*>(arguments.prediction_gradient);
  const Value factor = *static_cast<const Value*>(arguments.loss_gradient) / static_cast<Value>(scale.batch);

#pragma omp parallel
  {
#pragma omp for schedule(static) nowait
    for (std::int64_t row = 0; row < rows; ++row) {
      const std::int32_t assigned = arguments.assigned[row];
      if (assigned >= 0) continue;
      // Read before the row is written: the gradient may share the prediction's memory.
      const Value objectness = Value(prediction[row * row_size + YoloChannel::objectness]);
      std::fill(gradient + row * row_size, gradient + (row + 1) * row_size, T(Value(0)));
      if (assigned == yolo_negative)
        gradient[row * row_size + YoloChannel::objectness] = T(factor * sigmoid(objectness));
    }
#pragma omp for schedule(static)
    for (std::int64_t object = 0; object < objects; ++object) {
      visit_winner(arguments, object, [&](std::int32_t place, std::int64_t row) {
        const auto target = target_of_object<Value>(scale, arguments.options, arguments.objects, object, place);
        for (std::int32_t channel = 0; channel < row_size; ++channel) {
          const std::int64_t at = row * row_size + channel;
          gradient[at] =
              T(factor * positive_gradient(target, arguments.options.size_loss, channel, Value(prediction[at])));
        }
      });
    }
  }
}

}  // namespace

void check_arguments(const YoloLoss& arguments) {
  check_static_arguments(arguments.scale, arguments.options);
}

void check_arguments(const YoloLossBackward& arguments) {
  check_static_arguments(arguments.scale, arguments.options);
}

std::int64_t yolo_loss_workspace_bytes(const YoloScale& scale, std::int64_t objects_per_image) {
  const std::int64_t numbers = yolo_chunks_per_image(scale) + objects_per_image * yolo_components;
  return scale.batch * numbers * static_cast<std::int64_t>(sizeof(double));
}

void yolo_loss(Cpu, const YoloLoss& arguments) {
  check_arguments(arguments);
  check_classes(arguments.scale, arguments.objects);
  visit_cpu_type(arguments.type, [&]<class T>(TypeTag<T>) { forward<T>(arguments); });
}

void yolo_loss_backward(Cpu, const YoloLossBackward& arguments) {
  check_arguments(arguments);
  check_classes(arguments.scale, arguments.objects);
  visit_cpu_type(arguments.type, [&]<class T>(TypeTag<T>) { backward<T>(arguments); });
}

}  // namespace sleight::kernels
