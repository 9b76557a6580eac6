#pragma once
namespace sleight::kernels {
using Queue = std::variant<Cpu, Simt>;
}  // namespace sleight::kernels
