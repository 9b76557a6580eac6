#pragma once
namespace sleight::kernels {
using ExecutionTarget = std::variant<Cpu, Simt, Cuda>;
}  // namespace sleight::kernels
