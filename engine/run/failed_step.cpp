#include "engine/run/failed_step.h"

#include <span>
#include <vector>

#include "engine/checkpoint/safetensors.h"
#include "engine/run/failed_batch.h"

namespace sleight {

void save_failed_batch(const std::filesystem::path& path, const BatchInputs& batch, const Program& program,
                       std::int64_t step, const Context& context, const std::string& observed) {
  std::vector<float> live_scalars;
  for (int i = 0; i < kernels::LiveScalar::count; ++i)
    live_scalars.push_back(context.live_scalar(static_cast<kernels::LiveScalar::Index>(i)));
  std::vector<SafetensorsEntry> tensors = {{failed_batch_tensors::live_scalars,
                                            DataType::float32,
                                            {kernels::LiveScalar::count},
                                            std::as_bytes(std::span(live_scalars))}};
  for (const StagedInput& input : batch.values) {
    // Images that were on the device are no input of the program that ran.
    const ValueType type =
        input.name == failed_batch_tensors::images
            ? ValueType{{batch.shape.size, batch.shape.height, batch.shape.width, 3}, DataType::uint8}
            : program.value(program.find(input.name)).type;
    tensors.push_back({input.name, type.element, {type.shape.begin(), type.shape.end()}, input.bytes});
  }
  write_safetensors(path, tensors, {{"step", std::to_string(step)}, {"observed", observed}});
}

}  // namespace sleight
