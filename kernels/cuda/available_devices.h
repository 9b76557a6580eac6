#pragma once
namespace sleight::kernels {
using Queue = std::variant<Cpu, Simt, Cuda>;
}  // namespace sleight::kernels
