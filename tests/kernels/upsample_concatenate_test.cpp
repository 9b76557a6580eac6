#include "kernels/upsample_concatenate.h"

#include "kernel_case.h"

using namespace sleight;
using namespace sleight::kernels;
using namespace sleight::tests;

namespace {

struct Views {
  ActivationView x, skip, y;
};

// Lanes of each side; 0: channels last.
Views views(std::int64_t batch, std::int64_t height, std::int64_t width, std::int64_t x_channels,
            std::int64_t skip_channels, std::int64_t x_lanes = 0, std::int64_t skip_lanes = 0,
            std::int64_t y_lanes = 0) {
  const auto view = [&](std::int64_t scale, std::int64_t channels, std::int64_t lanes) {
    if (lanes == 0) lanes = channels;
    return ActivationView{batch, scale * height, scale * width, channels / lanes, lanes};
  };
  return {view(1, x_channels, x_lanes), view(2, skip_channels, skip_lanes),
          view(2, x_channels + skip_channels, y_lanes)};
}

std::vector<Views> cases() {
  return {views(1, 1, 1, 1, 1), views(2, 3, 5, 7, 19), views(3, 4, 1, 17, 5), views(1, 2, 3, 64, 8),
          views(2, 7, 11, 3, 130),
          // Blocks of 16 and of 8, on all sides or on some: a block of y may hold channels of both.
          views(2, 3, 5, 32, 16, 16, 16, 16), views(1, 4, 3, 8, 24, 8, 8, 8), views(2, 3, 2, 24, 40, 0, 0, 16),
          views(2, 3, 2, 24, 40, 0, 8, 16), views(1, 2, 3, 32, 5, 16, 0, 0), views(1, 3, 1, 3, 48, 0, 16, 0)};
}

// Where element (n, c, h, w) of y comes from: x, or skip.
struct Origin {
  bool from_x;
  std::size_t index;
};

Origin origin(const Views& v, std::int64_t n, std::int64_t c, std::int64_t h, std::int64_t w) {
  if (c < v.x.channels()) return {true, offset(v.x, n, c, h / 2, w / 2)};
  return {false, offset(v.skip, n, c - v.x.channels(), h, w)};
}

bool channels_last(const Views& v) {
  return v.x.channels_last() && v.skip.channels_last() && v.y.channels_last();
}

template <class Run, class Check>
void on_every_device(DataType type, const Views& v, Run&& run, Check&& check) {
  check(run(Cpu{}));
  if (channels_last(v) && type != DataType::float64) check(simt::run_in_three_orders(run));
}

// body(type, views)
template <class Body>
void for_each_type_and_case(Body&& body) {
  for (const DataType type : {DataType::float32, DataType::bfloat16, DataType::float64})
    for (const Views& v : cases()) {
      INFO(name_of(type) << ", x " << to_string(v.x) << "; skip " << to_string(v.skip) << "; y " << to_string(v.y));
      body(type, v);
    }
}

}  // namespace

TEST_CASE("upsample_concatenate moves every number, bit for bit") {
  for_each_type_and_case([](DataType type, const Views& v) {
    const Values x = rounded(type, random_values(v.x.size(), 1));
    const Values skip = rounded(type, random_values(v.skip.size(), 2));
    Values expected(static_cast<std::size_t>(v.y.size()));
    for_each_element(v.y, [&](std::int64_t n, std::int64_t c, std::int64_t h, std::int64_t w) {
      const Origin from = origin(v, n, c, h, w);
      expected[offset(v.y, n, c, h, w)] = from.from_x ? x[from.index] : skip[from.index];
    });
    on_every_device(
        type, v,
        [&](auto device) {
          TestTensor x_tensor(type, x), skip_tensor(type, skip), y_tensor(type, v.y.size());
          upsample_concatenate(device, {type, v.x, v.skip, v.y, x_tensor.data(), skip_tensor.data(), y_tensor.data()});
          return y_tensor.values();
        },
        [&](const Values& y) { CHECK(y == expected); });
  });
}

TEST_CASE("upsample_concatenate_backward adds the four, and hands the rest through") {
  for_each_type_and_case([](DataType type, const Views& v) {
    const Values y_gradient = rounded(type, random_values(v.y.size(), 3));
    Values x_gradient(static_cast<std::size_t>(v.x.size()), 0.0);
    Values skip_gradient(static_cast<std::size_t>(v.skip.size()), 0.0);
    for_each_element(v.y, [&](std::int64_t n, std::int64_t c, std::int64_t h, std::int64_t w) {
      const Origin to = origin(v, n, c, h, w);
      (to.from_x ? x_gradient : skip_gradient)[to.index] += y_gradient[offset(v.y, n, c, h, w)];
    });
    on_every_device(
        type, v,
        [&](auto device) {
          TestTensor gradient(type, y_gradient), x_tensor(type, v.x.size()), skip_tensor(type, v.skip.size());
          upsample_concatenate_backward(device,
                                        {type, v.x, v.skip, v.y, gradient.data(), x_tensor.data(), skip_tensor.data()});
          Values all = x_tensor.values();
          append(all, skip_tensor.values());
          return all;
        },
        [&](const Values& all) {
          Parts parts(all);
          check_close("x_gradient", parts.next(v.x.size()), x_gradient, type);
          CHECK(parts.next(v.skip.size()) == skip_gradient);
        });
  });
}

TEST_CASE("upsample_concatenate on a GPU takes channels last alone") {
  const Views v = views(1, 1, 1, 32, 32, 16, 0, 0);
  CHECK_THROWS_AS(upsample_concatenate(Simt{}, {DataType::float32, v.x, v.skip, v.y}), std::invalid_argument);
  const Views y_blocked = views(1, 1, 1, 32, 32, 0, 0, 16);
  CHECK_THROWS_AS(upsample_concatenate_backward(Simt{}, {DataType::float32, y_blocked.x, y_blocked.skip, y_blocked.y}),
                  std::invalid_argument);
}
