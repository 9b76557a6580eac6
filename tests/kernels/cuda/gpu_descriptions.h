// GPUs as cuDNN describes them (CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION): enough to make plans for one on a machine
// without any. Compute capability, multiprocessors and shared memory, on which plans depend, are those of
// NVIDIA's data sheets and of the CUDA C++ Programming Guide, "Compute Capabilities"; clocks and caches are about right.
#pragma once

#include <array>
#include <string>

namespace sleight::tests {

inline std::string describe_gpu(const std::string& name, int compute_capability, int multiprocessors, int shared_memory,
                                const std::string& clocks_and_memory) {
  return R"({"deviceName": ")" + name + R"(", "deviceVer": )" + std::to_string(10 * compute_capability) +
         R"(, "driverVer": 13000, "cudaDeviceId": 0, "pciDeviceId": 0, "isTccDriver": 0, "supportCoopLaunch": 1,
             "maxGridSize": [2147483647, 65535, 65535], "maxBlockSize": [1024, 1024, 64], "warpSize": 32,
             "regsPerBlock": 65536, "maxRegistersPerSM": 65536, "maxCtasPerSM": 32, "maxThreadsPerBlock": 1024,
             "maxThreadsPerSM": 2048, "maxSharedMemoryPerBlock": 49152, "reservedSharedMemoryPerBlock": 1024,
             "maxSharedMemoryPerBlockOptin": )" +
         std::to_string(shared_memory) + R"(, "multiProcessorCount": )" + std::to_string(multiprocessors) + ", " +
         clocks_and_memory + "}";
}

inline std::string described_a100() {
  return describe_gpu("NVIDIA A100-SXM4-80GB", 80, 108, 166912,
                      R"("smClockRateKHz": 1410000, "memClockRateKHz": 1593000, "l2CacheSize": 41943040,
                         "totalGlobalMem": 85000000000)");
}

inline std::string described_h100() {
  return describe_gpu("NVIDIA H100 80GB HBM3", 90, 132, 232448,
                      R"("smClockRateKHz": 1980000, "memClockRateKHz": 2619000, "l2CacheSize": 52428800,
                         "totalGlobalMem": 85000000000)");
}

inline std::string described_h200() {
  return describe_gpu("NVIDIA H200", 90, 132, 232448,
                      R"("smClockRateKHz": 1980000, "memClockRateKHz": 3201000, "l2CacheSize": 52428800,
                         "totalGlobalMem": 141000000000)");
}

inline std::string described_b200() {
  return describe_gpu("NVIDIA B200", 100, 148, 232448,
                      R"("smClockRateKHz": 1965000, "memClockRateKHz": 3996000, "l2CacheSize": 132120576,
                         "totalGlobalMem": 180000000000)");
}

struct DescribedGpu {
  const char* name;
  std::string (*properties)();
};
inline constexpr std::array<DescribedGpu, 4> described_gpus = {
    {{"a100", described_a100}, {"h100", described_h100}, {"h200", described_h200}, {"b200", described_b200}}};

}  // namespace sleight::tests
