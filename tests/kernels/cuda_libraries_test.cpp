#include "kernels/lib/cuda_libraries.h"

#include <functional>
#include <stdexcept>
#include <string>

#include "catch2_adapter.h"
#include "engine/device/device.h"
#include "kernels/convolution.h"
#include "kernels/linear.h"

namespace sleight::tests {
namespace {

std::string message_of(const std::function<void()>& function) {
  try {
    function();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "";
}

kernels::ConvolutionShape some_convolution() {
  kernels::ConvolutionShape shape;
  shape.input = {2, 8, 8, 1, 16};
  shape.output = {2, 8, 8, 1, 16};
  shape.weight_layout = kernels::layout_ohwi(16);
  return shape;
}

}  // namespace

TEST_CASE("without a GPU the libraries say what is missing", "[cuda_libraries]") {
  const std::string message = message_of([] { kernels::make_cuda_libraries({}); });
  CAPTURE(message);
  CHECK((message.empty() || message.find("there is no NVIDIA GPU or no driver: ") == 0 ||
         message.find("this program was built without ") == 0));
  // The device that a user names says the same in its own words.
  CHECK(message.empty() == message_of([] { Device("cuda"); }).empty());
}

TEST_CASE("convolution and linear on a queue without libraries name the shape or the build", "[cuda_libraries]") {
  const kernels::Cuda queue;
  for (const std::string& message :
       {message_of([&] { kernels::make_convolution_forward(queue, some_convolution()); }),
        message_of([&] { kernels::make_convolution_backward_data(queue, some_convolution()); }),
        message_of([&] { kernels::make_convolution_backward_weights(queue, some_convolution()); }), message_of([&] {
          kernels::make_linear_forward(queue, {2, 3, 4});
        }),
        message_of([&] {
          kernels::make_linear_backward_data(queue, {2, 3, 4});
        }),
        message_of([&] {
          kernels::make_linear_backward_weights(queue, {2, 3, 4});
        })}) {
    CAPTURE(message);
    CHECK((message.find("the queue has no libraries") != std::string::npos ||
           message.find("this build has no ") != std::string::npos));
  }
}

}  // namespace sleight::tests
