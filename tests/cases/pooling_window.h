// What the cases of the two windowed poolings share.
#pragma once

#include <string>

#include "kernels/lib/pool_window.h"
#include "tests/cases/case.h"

namespace sleight::cases {

inline Attributes window_attributes(const kernels::PoolWindow& window) {
  return {{"kernel", {static_cast<double>(window.kernel)}},
          {"stride", {static_cast<double>(window.stride)}},
          {"padding", {static_cast<double>(window.padding)}},
          {"ceil_mode", {window.ceil_mode ? 1.0 : 0.0}}};
}

// Of the backward step, which also carries the size of the images.
inline Attributes window_attributes(const kernels::PoolWindow& window, const Shape& images) {
  Attributes attributes = window_attributes(window);
  attributes.set("height", static_cast<double>(images[1]));
  attributes.set("width", static_cast<double>(images[2]));
  return attributes;
}

inline Shape pooled_shape(const Shape& images, const kernels::PoolWindow& window) {
  return {images[0], kernels::pooled_size(images[1], window), kernels::pooled_size(images[2], window), images[3]};
}

inline std::string label_of(const Shape& images, const kernels::PoolWindow& window) {
  return to_string(images) + " kernel " + std::to_string(window.kernel) + " stride " + std::to_string(window.stride) +
         " padding " + std::to_string(window.padding) + (window.ceil_mode ? " ceil" : "");
}

struct PoolingShape {
  Shape images;
  kernels::PoolWindow window;
};

// Windows that touch, overlap, leave gaps, reach over the edge; odd sides, blocked and odd channels.
inline std::vector<PoolingShape> small_pooling_shapes() {
  return {{{2, 7, 5, 19}, {.kernel = 3, .stride = 2, .padding = 1}},
          {{3, 9, 6, 16}, {.kernel = 3, .stride = 2, .padding = 1}},
          {{1, 7, 9, 3}, {.kernel = 2, .stride = 2, .ceil_mode = true}},
          {{2, 5, 7, 32}, {.kernel = 2, .stride = 2, .ceil_mode = true}},
          {{1, 6, 8, 5}, {.kernel = 2, .stride = 3}},
          {{2, 4, 4, 1}, {.kernel = 4, .stride = 1, .padding = 2}}};
}

// The same windows over fewer images: a gradient check runs the program twice for each number.
inline std::vector<PoolingShape> gradient_pooling_shapes() {
  std::vector<PoolingShape> shapes = small_pooling_shapes();
  for (PoolingShape& shape : shapes) {
    shape.images[0] = 1;
    shape.images[3] = 2;
  }
  return shapes;
}

// add puts the cases of one shape on the list, forward and backward. `measured`: with any number of images.
inline std::vector<Case> pooling_cases(void (*add)(std::vector<Case>& list, const PoolingShape& shape, Size size),
                                       PoolingShape measured) {
  std::vector<Case> list;
  for (const PoolingShape& shape : small_pooling_shapes())
    add(list, shape, Size::small);
  for (const Size size : {Size::large, Size::huge}) {
    measured.images[0] = measured_batch(size);
    add(list, measured, size);
  }
  return list;
}

inline std::vector<GradientCase> pooling_gradient_cases(const std::string& name,
                                                        ValueId (*pool)(Tracer&, ValueId, const kernels::PoolWindow&)) {
  std::vector<GradientCase> list;
  for (const PoolingShape& shape : gradient_pooling_shapes()) {
    list.push_back({name + "/" + label_of(shape.images, shape.window), [shape, pool](GradientTrace& g) {
                      return pool(g.tracer, g.value(numbers(shape.images)), shape.window);
                    }});
  }
  return list;
}

}  // namespace sleight::cases
