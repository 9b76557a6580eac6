#pragma once
namespace sleight::kernels {
using ExecutionTarget = std::variant<Cpu, Simt>;
}  // namespace sleight::kernels
